import { z } from 'zod'
import type { PlaceFunctions } from '../../../pipeline/method/method.ts'
import type { Request } from '../../../pipeline/method/talk-side.ts'
import { replyFrom, silently } from '../../../pipeline/talk/calls.ts'
import type { ContentPart, Message } from '../../../pipeline/talk/message.ts'
import { pictureParts } from '../../../pipeline/talk/picture-parts.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'

export const describeOptions = z.object({
  describe: z
    .string()
    .min(1)
    .default('describe the image in detail, its composition and its subjects.')
    .describe('what the pictures are described under, before the question is asked'),
  tokens: z.int().min(1).default(96).describe('the description has at most so many tokens'),
})

const HEAD = 'Image description:\n'

/** The question behind a description of what it is about. */
export const withDescription = (question: string, description: string): string => `${HEAD}${description}\n\n${question}`

/** The question alone again, byte by byte; text without a description stays as it is. */
export const withoutDescription = (text: string, description: string): string =>
  text.startsWith(`${HEAD}${description}\n\n`) ? text.slice(HEAD.length + description.length + 2) : text

/** Describe and respond: the pictures are described aside, then the question is asked behind the description. */
export const describeAndRespond = ({ describe, tokens }: z.output<typeof describeOptions>): PlaceFunctions => ({
  talk: {
    answer: async (asked, next) => {
      const pictures = pictureParts(asked.messages)
      if (pictures.length === 0 || asked.options.rawPrompt) return next(asked)
      const first = await next(aside(asked, pictures, describe, tokens))
      if (first.finishReason === 'aborted') return replyFrom([first], { text: '', by: 'stic' })
      const second = await next({ ...asked, messages: describedLast(asked.messages, first.text.trim()) })
      return together(first, second)
    },
  },
})

function aside({ options }: Request, pictures: readonly ContentPart[], text: string, maxTokens: number): Request {
  const { stop: _, allowed: __, ...rest } = options
  const content: ContentPart[] = [...pictures, { type: 'text', text }]
  return silently({ messages: [{ role: 'user', content }], options: { ...rest, maxTokens } })
}

/** The description goes before the text of the last question; an empty one changes nothing. */
function describedLast(messages: readonly Message[], description: string): readonly Message[] {
  if (description === '') return messages
  const last = messages[messages.length - 1]
  if (typeof last.content === 'string')
    return [...messages.slice(0, -1), { ...last, content: withDescription(last.content, description) }]
  const at = last.content.findIndex(({ type }) => type === 'text')
  const content = last.content.map((part, index) =>
    index === at && part.type === 'text' ? { ...part, text: withDescription(part.text, description) } : part,
  )
  return [...messages.slice(0, -1), { ...last, content }]
}

const together = (first: Reply, second: Reply): Reply =>
  replyFrom([first, second], { note: { description: first.text }, by: 'stic' })
