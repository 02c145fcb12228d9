/** A video as text: what is said of some of its frames, in the place of them or beside them. */
import type { Request } from '../../../pipeline/method/talk-side.ts'
import { replyFrom, silently } from '../../../pipeline/talk/calls.ts'
import type { ContentPart, Message } from '../../../pipeline/talk/message.ts'
import { pictureParts } from '../../../pipeline/talk/picture-parts.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'

/** Words around the caption, where a bottleneck or a prefix is to find it. */
export const [OPEN, CLOSE] = ['<vamos>', '</vamos>']

export interface CaptionOptions {
  /** What a frame is described under; `{question}` stands for the question. */
  readonly ask: string
  /** Most frames that are described. */
  readonly frames: number
  /** Most tokens of what is said of a frame. */
  readonly tokens: number
  readonly read: 'words' | 'both'
  /** Read instead of what the model would say of the frames; empty: what it says. */
  readonly words: string
  /** Whether the caption stands between words that the method asks for. */
  readonly isMarked: boolean
}

type Next = (request: Request) => Promise<Reply>

/** Frames j of F out of T: floor(j T / F), all of them where there are no more. */
export const pickFrames = (T: number, F: number): number[] =>
  Array.from({ length: Math.min(T, F) }, (_, j) => (T <= F ? j : Math.floor((j * T) / F)))

/** Every picture of a conversation as single frames; videos are taken apart. */
export const framesIn = (messages: readonly Message[]): ContentPart[] =>
  pictureParts(messages).flatMap((part) =>
    part.type === 'video' ? (part.video?.frames ?? []).map((image) => ({ type: 'image', image }) as const) : [part],
  )

/** Describes frames aside, then asks the question behind what was said of them. */
export async function askInWords(asked: Request, next: Next, options: CaptionOptions): Promise<Reply> {
  const frames = framesIn(asked.messages)
  if (frames.length === 0 || asked.options.rawPrompt) return next(asked)
  const calls: Reply[] = []
  if (options.words === '')
    for (const at of pickFrames(frames.length, options.frames)) {
      const reply = await next(aside(asked, frames[at], options))
      calls.push(reply)
      if (reply.finishReason === 'aborted') return replyFrom(calls, { text: '', by: 'vamos' })
    }
  const caption = options.words || captionOf(calls.map(({ text }) => text))
  const last = await next({ ...asked, messages: inWords(asked.messages, caption, options) })
  const reply = replyFrom([...calls, last], { note: { caption }, by: 'vamos' })
  const seen = options.read === 'both' ? [last] : calls
  return { ...reply, kept: seen.flatMap(({ kept }) => kept) }
}

/** What was said of the frames, in order of time; those of which nothing was said are left out. */
export const captionOf = (said: readonly string[]): string =>
  said
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
    .join('; ')

function aside({ messages, options }: Request, frame: ContentPart, { ask, tokens }: CaptionOptions): Request {
  const { stop: _, allowed: __, ...rest } = options
  const text = ask.replaceAll('{question}', questionIn(messages))
  return silently({
    messages: [{ role: 'user', content: [frame, { type: 'text', text }] }],
    options: { ...rest, maxTokens: tokens },
  })
}

const partsOf = ({ content }: Message): readonly ContentPart[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content

/** The text of the last message. */
export const questionIn = (messages: readonly Message[]): string =>
  partsOf(messages[messages.length - 1])
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join(' ')

/** The conversation with the caption before the text of its last question, with its pictures or without them. */
export function inWords(
  messages: readonly Message[],
  caption: string,
  { read, isMarked }: Pick<CaptionOptions, 'read' | 'isMarked'>,
): readonly Message[] {
  const shown = messages.map((message) => {
    const content = partsOf(message).filter(({ type }) => read === 'both' || type === 'text')
    return { ...message, content }
  })
  const last = shown[shown.length - 1]
  const first = last.content.findIndex(({ type }) => type === 'text')
  const at = first < 0 ? last.content.length : first
  const content = [...last.content.slice(0, at), ...captionParts(caption, isMarked), ...last.content.slice(at)]
  return [...shown.slice(0, -1), { ...last, content }]
}

/** An empty caption says nothing, and nothing stands around it. */
function captionParts(caption: string, isMarked: boolean): ContentPart[] {
  if (caption === '') return []
  if (!isMarked) return [{ type: 'text', text: `video: ${caption}\n` }]
  const mark = (text: string) => ({ type: 'text', text, isMarkup: true }) as const
  return [mark(OPEN), { type: 'text', text: caption }, mark(CLOSE)]
}
