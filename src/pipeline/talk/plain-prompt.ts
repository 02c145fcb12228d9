import { FoveaError } from '../../errors.ts'
import type { ChatMessage, ChatTemplate } from '../../text/chat-template.ts'
import type { ModelParts } from '../parts.ts'

/** The text of a message, its parts of text one after another. */
export const textOf = ({ content }: ChatMessage): string =>
  typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('')

/** The words of all turns with spaces between them: for models that were never given a form for conversations. */
export const plainTemplate: ChatTemplate = {
  render: (messages, { protect = (text: string) => text } = {}) => messages.map(textOf).map(protect).join(' '),
}

/** What follows the image tokens that a prompt may begin with. Throws FoveaError `image_count` where they are too few or many. */
export function afterImages(prompt: string, imageText: string | undefined, images: number): string {
  let [rest, places] = [prompt, 0]
  while (imageText && rest.startsWith(imageText)) {
    rest = rest.slice(imageText.length)
    places++
  }
  if (places === 0 || places === images) return rest
  throw new FoveaError('image_count', 'input', `the prompt has places for ${places} images, ${images} were given`)
}

/**
 * Token ids of a question, for a connector or a method that reads it: by the tokenizer of the connector, or by the model's
 * own where it has none. Throws FoveaError `question_too_long`.
 */
export function questionIds({ architecture, questionTokenizer, tokenizer }: ModelParts, text: string): number[] {
  if (!questionTokenizer) return [...tokenizer.encode(text)]
  const { encode, prefix, suffix } = questionTokenizer
  const ids = [...prefix, ...encode(text), ...suffix]
  const { maxTokens } = architecture.vision.question!
  if (ids.length <= maxTokens) return ids
  const message = `the connector reads questions of at most ${maxTokens} tokens, this one has ${ids.length}; shorten it`
  throw new FoveaError('question_too_long', 'input', message)
}
