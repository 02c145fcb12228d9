import { FoveaError } from '../../errors.ts'
import type { ChatMessage } from '../../text/chat-template.ts'
import { breakApart } from '../../text/special-tokens.ts'
import type { ModelParts, PromptPicture } from '../parts.ts'
import { expandImages, inPromptOrder } from './layout.ts'
import { afterImages, textOf } from './plain-prompt.ts'
import { turnError } from './turn-error.ts'
import { writePictures } from './written-pictures.ts'

/** What is written for a model: all turns up to a question, with a part for each picture. */
export interface Said {
  readonly messages: readonly ChatMessage[]
  /** The text of the last message is the whole prompt. */
  readonly isRaw?: boolean
}

/** A prompt as token ids, each view of its pictures as one placeholder, and the pictures in the order of those. */
export interface Prompt<Picture> {
  readonly ids: readonly number[]
  readonly images: readonly Picture[]
}

/** The whole prompt as text: by the family itself, as it was written, or by the chat template. */
export function promptText(parts: ModelParts, { messages, isRaw = false }: Said): string {
  const { architecture, tokenizer } = parts
  const { name, prompt: form } = architecture
  const last = textOf(messages[messages.length - 1])
  if (!form.write) return isRaw ? last : render(parts, messages)
  if (messages.length > 1)
    throw turnError('single', `a ${name} answers one question; start a new conversation for the next`)
  return form.write(isRaw ? last : tokenizer.protect(last), picturesIn(messages), tokenizer.bosToken)
}

/**
 * Token ids of a prompt and its pictures, given as images, then videos.
 * @throws FoveaError `image_count`, `token_id_invalid`
 */
export function encodePrompt<Picture extends PromptPicture>(
  parts: ModelParts,
  text: string,
  pictures: readonly Picture[],
): Prompt<Picture> {
  const { prompt: form } = parts.architecture
  const written = writePictures(text, parts, pictures)
  const said = form.imagesFirst
    ? encodeImagesFirst(parts, text, pictures.length)
    : encodeText(parts, written?.text ?? text)
  const images = written?.images ?? inPromptOrder(said, form, pictures)
  const inPlace = images.filter(({ written, views }) => !written || views.length > 0)
  const ids = expandImages(said, form.imageToken, inPlace)
  assertIds(ids, parts)
  return { ids, images }
}

/** What a connector or a method that reads the question is given: the last one, or all text where images come first. */
export function questionOf(parts: ModelParts, said: Said): string {
  const { architecture, tokenizer } = parts
  const { imagesFirst, imageToken } = architecture.prompt
  if (!imagesFirst) return textOf(said.messages[said.messages.length - 1])
  const imageText = tokenizer.idToToken(imageToken)
  return tokenizer.unprotect(afterImages(promptText(parts, said), imageText, picturesIn(said.messages)))
}

const kindsIn = (messages: readonly ChatMessage[]): string[] =>
  messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content.map(({ type }) => type)))

const picturesIn = (messages: readonly ChatMessage[]): number =>
  kindsIn(messages).filter((kind) => kind === 'image' || kind === 'video').length

/** All turns as one text, by the model's chat template, or by that for messages with videos. */
function render({ template, tokenizer, architecture }: ModelParts, messages: readonly ChatMessage[]): string {
  const { bosToken, eosToken } = tokenizer
  const { placeholder, video } = architecture.prompt
  const written = kindsIn(messages).includes('video') ? video?.written : undefined
  const places = [placeholder, written?.placeholder].filter((place) => place !== undefined)
  const protect = (text: string) => places.reduce(breakApart, tokenizer.protect(text))
  return (written?.template ?? template).render(messages, { protect, bosToken, eosToken })
}

/** Token ids of a whole text; it begins as the tokenizer wants, unless the family itself says how. */
function encodeText({ architecture, tokenizer }: ModelParts, text: string): readonly number[] {
  const { encode, prefix } = tokenizer
  const ids = encode(text, { special: true })
  return architecture.prompt.write || prefix.every((id, at) => ids[at] === id) ? ids : [...prefix, ...ids]
}

/** The image tokens, then the ids of the text as if it stood alone. */
function encodeImagesFirst(parts: ModelParts, prompt: string, images: number): readonly number[] {
  const { architecture, tokenizer } = parts
  const { imageToken } = architecture.prompt
  const text = afterImages(prompt, tokenizer.idToToken(imageToken), images)
  return [...new Array<number>(images).fill(imageToken), ...encodeText(parts, text), ...tokenizer.suffix]
}

/** The model's own vocabulary counts: reading past the table of embeddings would end the engine. */
function assertIds(ids: readonly number[], { architecture: { language, prompt }, words }: ModelParts): void {
  const { vocabulary } = language
  const isOwn = (id: number) => words !== undefined && id >= words.first
  const beyond = ids.find((id) => id >= vocabulary && id !== prompt.imageToken && !isOwn(id))
  if (beyond === undefined) return
  const message = `tokenizer.json gives token ${beyond}, the model has ${vocabulary}; the file is of another model`
  throw new FoveaError('token_id_invalid', 'input', message)
}
