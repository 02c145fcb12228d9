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

/** Which form served a template, by what it was given: the next messages of that kind are tried in it first. */
export type ServedForms = Map<string, number>

/** What decides about the form: which roles speak, in text or in parts, and how it begins. */
function kindOf(messages: Messages): string {
  const kind = ({ role, content }: ChatMessage) =>
    `${role}:${typeof content === 'string' ? 'text' : content.every(isText) ? 'texts' : 'parts'}`
  return [...messages.slice(0, 2).map(kind), '|', ...new Set(messages.map(kind).sort())].join(' ')
}

/** All forms, the one that served before first. */
const inOrder = (served: number | undefined): number[] => {
  const all = [...FORMS.keys()]
  return served === undefined ? all : [served, ...all.filter((form) => form !== served)]
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
  served: ServedForms = new Map(),
): string {
  const said = messages.flatMap(textsOf)
  const found: Rendering[] = []
  const kind = kindOf(messages)
  for (const form of inOrder(served.get(kind))) {
    const rendering = attempt(render, FORMS[form](messages))
    if (says(rendering, said)) {
      served.set(kind, form)
      return rendering.text!
    }
    found[form] = rendering
    if (messages.every(({ role, content }) => role !== 'system' && typeof content === 'string')) break
  }
  // Some leave out on purpose what was answered before.
  const question = messages.length === 0 ? [] : textsOf(messages[messages.length - 1])
  const tried = found.filter((rendering) => rendering !== undefined)
  const best = tried.find((rendering) => says(rendering, question))
  if (best) return best.text!
  const failed = tried.find(({ problem }) => problem !== undefined)
  throw failed?.problem ?? lossError()
}
