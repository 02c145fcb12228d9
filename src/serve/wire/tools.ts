/** Functions that an answer may call: told in words, written as JSON, and where one must be called, kept to its schema. */
import { randomUUID } from 'node:crypto'
import type { AnswerForm, JobMessage } from '../engine/job.ts'
import { badParam } from '../engine/job-error.ts'
import { callText, words } from './messages.ts'
import type { ChatBody, Tool } from './schemas.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** As JSON. */
  readonly arguments: string
}

/** What the functions of a request mean for its answer. */
export interface Toolbox {
  readonly names: readonly string[]
  /** Instructions that go before the conversation. */
  readonly instructions: string
  /** Absent: the answer may be words, too. */
  readonly form?: AnswerForm
}

/** Undefined where nothing may be called. Throws ParamError `tool_unknown`. */
export function toolboxOf({
  tools = [],
  tool_choice = 'auto',
}: Pick<ChatBody, 'tools' | 'tool_choice'>): Toolbox | undefined {
  if (tools.length === 0 || tool_choice === 'none') return undefined
  const chosen =
    typeof tool_choice === 'string' ? tools : tools.filter((tool) => nameOf(tool) === tool_choice.function.name)
  if (chosen.length === 0) throw badParam('tool_choice', 'tool_unknown', 'tool_choice names none of the tools')
  const isForced = tool_choice !== 'auto'
  return {
    names: tools.map(nameOf),
    instructions: instructionsFor(chosen, isForced),
    ...(isForced && { form: { schema: { anyOf: chosen.map(callSchema) } } }),
  }
}

const nameOf = ({ function: { name } }: Tool): string => name

function instructionsFor(tools: readonly Tool[], isForced: boolean): string {
  const described = tools.map(({ function: own }) => JSON.stringify(own)).join('\n')
  const how = `${isForced ? 'Call one of these functions' : 'You may call one of these functions'} by answering with one JSON object and nothing else`
  return `${how}: ${callText('...', '{...}')}\n${described}`
}

const callSchema = ({ function: { name, parameters } }: Tool) => ({
  type: 'object',
  properties: { name: { const: name }, arguments: parameters ?? { type: 'object', additionalProperties: false } },
  required: ['name', 'arguments'],
})

/** Messages with the instructions before them. */
export const withTools = (messages: readonly JobMessage[], toolbox: Toolbox | undefined): readonly JobMessage[] => {
  if (!toolbox) return messages
  const [first, ...others] = messages
  const told = words(toolbox.instructions)
  return first?.role === 'system'
    ? [{ role: 'system', content: [...first.content, words('\n'), told] }, ...others]
    : [{ role: 'system', content: [told] }, ...messages]
}

/** Whether what was said so far may turn out to be a call. */
export const mayBeCall = (text: string): boolean => {
  const start = text.trimStart()
  return start === '' || start.startsWith('{') || '<tool_call>'.startsWith(start.slice(0, 11))
}

/** The call that an answer is; undefined where it is words. */
export function callIn(text: string, { names }: Toolbox): ToolCall | undefined {
  const inner = text
    .trim()
    .replace(/^<tool_call>\s*/, '')
    .replace(/\s*<\/tool_call>$/, '')
  if (!inner.startsWith('{') || !inner.endsWith('}')) return undefined
  const { name, arguments: given } = parsed(inner) ?? {}
  if (typeof name !== 'string' || !names.includes(name)) return undefined
  return { id: `call_${randomUUID().replaceAll('-', '')}`, name, arguments: JSON.stringify(given ?? {}) }
}

function parsed(text: string): { readonly name?: unknown; readonly arguments?: unknown } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
