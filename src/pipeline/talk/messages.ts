import { FoveaError, kindOf } from '../../errors.ts'
import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { ChatMessage, MessagePart } from '../../text/chat-template.ts'
import type { ModelParts } from '../parts.ts'
import type { ContentPart, Message } from './message.ts'
import { plainTemplate } from './plain-prompt.ts'

/** A conversation up to a question, with the pictures in the order in which it names them. */
export interface Dialogue {
  readonly messages: readonly ChatMessage[]
  readonly images: readonly RgbImage[]
  readonly videos: readonly Video[]
}

const ROLES: readonly string[] = ['system', 'user', 'assistant'] satisfies Message['role'][]

const invalid = (message: string): FoveaError => new FoveaError('messages_invalid', 'usage', message)

/**
 * Takes messages apart into what the chat template writes and the pictures that go into its places.
 * @param images, videos those for parts that hold none themselves, in order
 * @throws FoveaError kind `usage`: `messages_invalid` for what is no conversation up to a question, `image_count` where
 *   pictures are left over or missing
 */
export function arrange(
  messages: readonly Message[],
  images: readonly RgbImage[] = [],
  videos: readonly Video[] = [],
): Dialogue {
  assertTurns(messages)
  const [still, moving] = [new Places('images', images), new Places('videos', videos)]
  const partOf = (part: ContentPart, at: number): MessagePart => {
    if (part?.type === 'image')
      still.take(part.image as RgbImage | undefined) // what is to be read was read before
    else if (part?.type === 'video') moving.take(part.video)
    else if (part?.type !== 'text' || typeof part.text !== 'string') throw unknownPart(part, at)
    if (part.type !== 'text') return { type: part.type }
    return { type: 'text', text: part.text, ...(part.isMarkup && { isMarkup: true }) }
  }
  const arranged = messages.map(({ role, content }, at): ChatMessage => {
    const parts: readonly ContentPart[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    return { role, content: parts.map((part) => partOf(part, at)) }
  })
  return { messages: arranged, images: still.taken(), videos: moving.taken() }
}

function assertTurns(messages: readonly Message[]): void {
  if (!Array.isArray(messages)) throw invalid(`messages are a list, not ${kindOf(messages)}`)
  if (messages.length === 0) throw invalid('messages are empty; the last must be the question, of role "user"')
  for (const [at, message] of messages.entries()) {
    const { role, content } = message ?? {}
    if (!ROLES.includes(role))
      throw invalid(`message ${at + 1} has the role ${JSON.stringify(role)}; roles are ${ROLES.join(', ')}`)
    if (typeof content !== 'string' && !Array.isArray(content))
      throw invalid(`the content of message ${at + 1} must be a text or a list of parts`)
  }
  const { role } = messages[messages.length - 1]
  if (role !== 'user') throw invalid(`the last message must be the question, of role "user"; it has the role "${role}"`)
}

function unknownPart(part: unknown, at: number): FoveaError {
  const shown = JSON.stringify(part)?.slice(0, 80)
  const known = `{ type: 'text', text }, { type: 'image', image? } or { type: 'video', video? }`
  return invalid(`message ${at + 1} has the part ${shown}; parts are ${known}`)
}

/** The pictures of one kind, as the parts ask for them. */
class Places<T> {
  private readonly found: T[] = []
  private readonly waiting: T[]
  private missing = 0

  constructor(
    private readonly kind: 'images' | 'videos',
    private readonly given: readonly T[],
  ) {
    this.waiting = [...given]
  }

  take(own: T | undefined): void {
    if (typeof own === 'string')
      throw invalid(`a part names a file (${own.slice(0, 80)}); readVideo reads one, and its result goes into the part`)
    const picture = own ?? this.waiting.shift()
    if (picture === undefined) this.missing++
    else this.found.push(picture)
  }

  /** All of them, in order. Throws FoveaError `image_count`. */
  taken(): readonly T[] {
    const { kind, given, waiting, missing } = this
    if (waiting.length === 0 && missing === 0) return this.found
    const places = given.length - waiting.length + missing
    const advice = `put { type: '${kind.slice(0, -1)}' } where each goes, or the ${kind} into their parts`
    const message = `the messages have places for ${places} ${kind}, ${given.length} were given; ${advice}`
    throw new FoveaError('image_count', 'usage', message)
  }
}

/** The inverse of `arrange`: messages with the pictures in their parts, in order. */
export function illustrate(
  messages: readonly ChatMessage[],
  { images, videos }: Pick<Dialogue, 'images' | 'videos'>,
): Message[] {
  const [still, moving] = [[...images], [...videos]]
  const partOf = (part: MessagePart): ContentPart => {
    if (part.type === 'image') return { type: 'image', image: still.shift() }
    return part.type === 'video' ? { type: 'video', video: moving.shift() } : (part as ContentPart)
  }
  return messages.map(({ role, content }) => ({
    role: role as Message['role'],
    content: typeof content === 'string' ? content : content.map(partOf),
  }))
}

/** Whether a model knows turns; those that do not answer one question each. */
const knowsTurns = ({ architecture, template }: ModelParts): boolean =>
  !architecture.prompt.write && template !== plainTemplate

/**
 * What cannot be said to a model that knows no turns.
 * @throws FoveaError `messages_unsupported`, kind `usage`
 */
export function assertSpeakable(messages: readonly ChatMessage[], parts: ModelParts): void {
  if (knowsTurns(parts)) return
  const { name } = parts.architecture
  const refuse = (problem: string) => new FoveaError('messages_unsupported', 'usage', `${name} ${problem}`)
  if (messages.length > 1)
    throw refuse(`knows no turns, ${messages.length} messages were given; give it one question, of role "user"`)
  const kinds = (messages[0].content as readonly MessagePart[]).map(({ type }) => type)
  if (kinds.slice(Math.max(0, kinds.indexOf('text'))).some((kind) => kind !== 'text') && kinds.includes('text'))
    throw refuse('sees its images before all text; put the parts of type "image" first')
}
