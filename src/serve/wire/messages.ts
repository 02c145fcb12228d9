/** Messages of OpenAI's form as the engine takes them. */
import type { Detail, JobMessage, Picture, Words } from '../engine/job.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { imageBytes } from './image-url.ts'
import type { ChatMessage, ContentPart, ImagePart } from './schemas.ts'

/** Pixels that a whole request asks for. */
export interface PixelBudget {
  readonly min_pixels?: number
  readonly max_pixels?: number
}

/** What lies around the messages of a request. */
export interface Frame {
  /** What the request calls its messages; default `messages`. */
  readonly root?: string
  /** Said before all messages. */
  readonly instructions?: string | null
}

/** What chat templates know of roles. */
const ROLES = { system: 'system', developer: 'system', user: 'user', assistant: 'assistant', tool: 'user' } as const

/**
 * Roles become those that chat templates know: what a tool said, images too, is said by the user; calls of tools are the
 * JSON that the assistant wrote. Neighbours of one role become one message.
 * @throws ParamError for what cannot be used: nothing is left out in silence
 */
export function jobMessages(
  messages: readonly ChatMessage[],
  budget: PixelBudget = {},
  frame: Frame = {},
): JobMessage[] {
  const { root = 'messages', instructions } = frame
  const parts = messages.map((message, at) => ({
    role: ROLES[message.role],
    content: partsOf(message, `${root}.${at}.content`, budget),
  }))
  return joined(instructions ? [{ role: 'system', content: [words(instructions)] }, ...parts] : parts)
}

/** Neighbours of one role as one message. Throws ParamError `text_too_long`, `too_many_images`. */
function joined(messages: readonly JobMessage[]): JobMessage[] {
  const all: JobMessage[] = []
  for (const { role, content } of messages) {
    const before = all.at(-1)
    if (before?.role === role) all[all.length - 1] = { role, content: [...before.content, ...content] }
    else all.push({ role, content })
  }
  assertSizes(all)
  return all
}

function partsOf(message: ChatMessage, param: string, budget: PixelBudget): (Words | Picture)[] {
  const { content } = message
  const given = typeof content === 'string' ? [{ type: 'text', text: content } as const] : (content ?? [])
  const parts = given.map((part, index) => partOf(part, `${param}.${index}`, budget))
  assertSeen(message.role, parts, param)
  if (message.role === 'tool') return [words(resultHead(message.name)), ...parts]
  if (message.role !== 'assistant') return parts
  return [
    ...parts,
    ...(message.tool_calls ?? []).map(({ function: { name, arguments: given } }) => words(callText(name, given))),
  ]
}

/** Throws ParamError `invalid_request` for images where models were trained to see none. */
function assertSeen(role: ChatMessage['role'], parts: readonly (Words | Picture)[], param: string): void {
  if (role === 'user' || role === 'tool' || parts.every(({ type }) => type === 'text')) return
  const message = `a message of role ${role} takes no images; give them in one of role user`
  throw badParam(param, 'invalid_request', message)
}

/** What stands before what a function said. */
export const resultHead = (name = 'the function', isFailed = false): string =>
  isFailed ? `${name.replace(/^the/, 'The')} failed:\n` : `Result of ${name}:\n`

/** How a call of a function is written in an answer. */
export const callText = (name: string, given: string): string =>
  `{"name": ${JSON.stringify(name)}, "arguments": ${given}}`

export const words = (text: string): Words => ({ type: 'text', text })

function partOf(part: ContentPart, param: string, budget: PixelBudget): Words | Picture {
  if (part.type === 'text') return words((part as { text: string }).text)
  if (part.type === 'image_url') return pictureOf(part as ImagePart, `${param}.image_url`, budget)
  throw badParam(
    param,
    'part_unsupported',
    `parts of type ${part.type} are not taken here; parts are text and image_url`,
  )
}

function pictureOf(part: ImagePart, param: string, budget: PixelBudget): Picture {
  const { image_url } = part
  const given = typeof image_url === 'string' ? { url: image_url } : image_url
  const { min_pixels, max_pixels } = { ...defined(budget), ...defined(part), ...defined(given) } as PixelBudget
  return picture(imageBytes(given.url, param), param, given.detail, { min_pixels, max_pixels })
}

export function picture(bytes: Uint8Array, param: string, detail: Detail = 'auto', budget: PixelBudget = {}): Picture {
  const { min_pixels: minPixels, max_pixels: maxPixels } = budget
  if (minPixels !== undefined && maxPixels !== undefined && minPixels > maxPixels)
    throw badParam(param, 'invalid_request', `min_pixels ${minPixels} is more than max_pixels ${maxPixels}`)
  return { type: 'image', bytes, detail, minPixels, maxPixels, param }
}

const defined = <T extends object>(from: T): Partial<T> =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as Partial<T>

function assertSizes(messages: readonly JobMessage[]): void {
  const parts = messages.flatMap(({ content }) => content)
  const images = parts.filter(({ type }) => type === 'image').length
  if (images > LIMITS.images)
    throw badParam('messages', 'too_many_images', `a request has at most ${LIMITS.images} images; this has ${images}`)
  const length = parts.reduce((sum, part) => sum + (part.type === 'text' ? part.text.length : 0), 0)
  if (length > LIMITS.textLength)
    throw badParam(
      'messages',
      'text_too_long',
      `the texts have ${length} characters; the limit is ${LIMITS.textLength}`,
    )
}
