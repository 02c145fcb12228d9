/**
 * Chat templates that were made for text alone take the content of a message as a string, and many of them no instructions
 * of role `system`; given what they were not made for, they fail or leave out what was said without a word. What is said
 * here is written in a form that the template takes.
 */
import type { FoveaError } from '../errors.ts'
import type { ChatMessage, MessagePart } from './chat-message.ts'
import { unprotect } from './special-tokens.ts'

type Messages = readonly ChatMessage[]

const textsOf = ({ content }: ChatMessage): string[] =>
  typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? part.text : []))

const isText = (part: MessagePart): part is MessagePart & { type: 'text' } => part.type === 'text'

/** Parts that are all text become one string. */
const flat = (messages: Messages): Messages =>
  messages.map((message) => {
    const { content } = message
    if (typeof content === 'string' || !content.every(isText)) return message
    return { ...message, content: content.map(({ text }) => text).join('\n') }
  })

/** Instructions go before the first question. */
function instructed(messages: Messages): Messages {
  const [first, second, ...others] = messages
  if (first?.role !== 'system' || second?.role !== 'user') return messages
  const instructions = textsOf(first).join('\n')
  if (typeof second.content === 'string')
    return [{ ...second, content: `${instructions}\n${second.content}` }, ...others]
  const at = second.content.findIndex(isText)
  const text = `${instructions}\n${textsOf(second)[0] ?? ''}`
  const content =
    at < 0 ? [{ type: 'text', text } as const, ...second.content] : second.content.with(at, { type: 'text', text })
  return [{ ...second, content }, ...others]
}

/** The forms that messages can be given in, those that change least first. */
const FORMS: readonly ((messages: Messages) => Messages)[] = [
  (messages) => messages,
  flat,
  instructed,
  (messages) => flat(instructed(messages)),
]

/** How parts look that a template wrote as they are. */
const RAW_PART = /\{ ?["']type["'] ?: ?["'](?:text|image|video)["']/

interface Rendering {
  readonly text?: string
  readonly problem?: unknown
}

function attempt(render: (messages: Messages) => string, messages: Messages): Rendering {
  try {
    return { text: render(messages) }
  } catch (problem) {
    if (/was stopped|nested too deeply/.test((problem as Error).message)) throw problem
    return { problem }
  }
}

/** Whether all of these texts are in what was rendered, and nothing of the form that they were given in. */
function says({ text }: Rendering, said: readonly string[]): boolean {
  if (text === undefined) return false
  const bare = unprotect(text)
  const isRaw = RAW_PART.test(bare) && !said.some((each) => RAW_PART.test(each))
  return !isRaw && said.every((each) => bare.includes(unprotect(each).trim()))
}

/**
 * Renders messages, in another form where the template would fail in theirs or leave something out.
 * @param lossError of a template that loses the question in every form
 * @throws FoveaError what `render` throws, or `lossError`
 */
export function renderWhole(
  messages: Messages,
  render: (messages: Messages) => string,
  lossError: () => FoveaError,
): string {
  const said = messages.flatMap(textsOf)
  const found: Rendering[] = []
  for (const form of FORMS) {
    const formed = form(messages)
    const rendering = attempt(render, formed)
    if (says(rendering, said)) return rendering.text!
    found.push(rendering)
    if (messages.every(({ role, content }) => role !== 'system' && typeof content === 'string')) break
  }
  // Some leave out on purpose what was answered before.
  const question = messages.length === 0 ? [] : textsOf(messages[messages.length - 1])
  const best = found.find((rendering) => says(rendering, question))
  if (best) return best.text!
  const failed = found.find(({ problem }) => problem !== undefined)
  throw failed?.problem ?? lossError()
}
