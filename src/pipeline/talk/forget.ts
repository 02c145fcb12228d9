import type { ContentPart, Message } from './message.ts'

/**
 * A conversation without its oldest question and what was answered to it; instructions stay, and pictures go to the
 * question that comes first now. Undefined where only the last question is left.
 */
export function withoutOldest(messages: readonly Message[]): readonly Message[] | undefined {
  const isQuestion = ({ role }: Message) => role === 'user'
  const first = messages.findIndex(isQuestion)
  const second = messages.findIndex((message, at) => at > first && isQuestion(message))
  if (first < 0 || second < 0) return undefined
  const pictures = messages.slice(first, second).flatMap(({ content }) => partsOf(content).filter(isPicture))
  const { role, content } = messages[second]
  const next: Message = pictures.length > 0 ? { role, content: [...pictures, ...partsOf(content)] } : messages[second]
  const instructions = messages.slice(0, first).filter((message) => message.role === 'system')
  return [...instructions, next, ...messages.slice(second + 1)]
}

const isPicture = ({ type }: ContentPart): boolean => type !== 'text'

const partsOf = (content: Message['content']): readonly ContentPart[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content
