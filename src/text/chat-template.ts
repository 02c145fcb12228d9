/** Messages to one prompt text, by the Jinja template that comes with a model. */
import { type Environment, Template } from '@huggingface/jinja'
import { FoveaError } from '../errors.ts'
import type { ChatMessage, TextPart } from './chat-message.ts'
import {
  BudgetError,
  BudgetInterpreter,
  RaisedError,
  RESERVED_NAMES,
  type TemplateBudget,
  templateEnvironment,
} from './template-interpreter.ts'
import { type TimeLimit, TimeLimitError, unlimited } from './time-limit.ts'
import { renderWhole, type ServedForms } from './whole-rendering.ts'

export type { ChatMessage, MessagePart } from './chat-message.ts'

export interface RenderOptions {
  /** End with the opening of the assistant's turn; default true. */
  addGenerationPrompt?: boolean
  bosToken?: string
  eosToken?: string
  tools?: unknown[]
  /** Further variables of the template; they may not replace those above. */
  variables?: Record<string, unknown>
  /** Applied to every text of the messages: pass `protect` of the tokenizer that will encode the result. */
  protect?: (text: string) => string
}

export interface ChatTemplate {
  render(messages: readonly ChatMessage[], options?: RenderOptions): string
}

export const MAX_TEMPLATE_LENGTH = 200_000

export const TEMPLATE_BUDGET: TemplateBudget = { milliseconds: 200, steps: 200_000, characters: 4_000_000 }

const OWN_NAMES = ['messages', 'add_generation_prompt', 'bos_token', 'eos_token', 'tools']

/** What a template that a stranger made is held to. */
export interface TemplateLimits {
  /** For messages: the path of the file. */
  readonly name?: string
  /** Ends a single step that takes too long; without it time is looked at between steps only. */
  readonly timeLimit?: TimeLimit
  readonly budget?: TemplateBudget
}

interface Text extends TemplateLimits {
  readonly source: string
}

function templateError({ name }: TemplateLimits, message: string, cause?: unknown): FoveaError {
  const whose = name === undefined ? '' : `${name}: `
  return new FoveaError('template_error', 'input', `${whose}the chat template ${message}`, { cause })
}

/** One clear line for whatever went wrong. */
function explain(text: Text, cause: unknown): FoveaError {
  if (cause instanceof FoveaError) return cause
  if (cause instanceof TimeLimitError) return templateError(text, `was stopped: it needs ${cause.message}`, cause)
  if (cause instanceof BudgetError) return templateError(text, `was stopped: it ${cause.message}`, cause)
  if (cause instanceof RaisedError)
    return templateError(text, `refuses the messages: ${onOneLine(cause.message, 300)}`, cause)
  if (cause instanceof RangeError) return templateError(text, 'is nested too deeply or builds too long a text', cause)
  const problem = 'failed: it uses something that is not supported or does not fit the messages'
  return templateError(text, `${problem}${detailOf(text, cause)}`, cause)
}

const onOneLine = (text: string, length: number): string => text.replace(/\s+/g, ' ').slice(0, length)

/** What the interpreter says, where it is about the template and not about the interpreter itself, and which line that may be. */
function detailOf({ source }: Text, cause: unknown): string {
  const { message, name } = cause as Error
  if (name !== 'Error' && name !== 'SyntaxError') return ''
  const word = /["']([\w.]+)["']|: (\w+)$/.exec(message)
  const found = word && new RegExp(`(?<![\\w.])${(word[1] ?? word[2]).replaceAll('.', '\\.')}(?!\\w)`).exec(source)
  const line = found ? `, line ${source.slice(0, found.index).split('\n').length}` : ''
  return ` (${onOneLine(message, 120)}${line})`
}

function parse(text: Text): Template {
  const { source } = text
  if (source.length > MAX_TEMPLATE_LENGTH) {
    throw templateError(text, `has ${source.length} characters; the limit is ${MAX_TEMPLATE_LENGTH}`)
  }
  try {
    return withinBudget(text, () => new Template(source))
  } catch (cause) {
    if (cause instanceof TimeLimitError) throw explain(text, cause)
    throw templateError(text, `is not valid Jinja${detailOf(text, cause)}`, cause)
  }
}

/**
 * Whether a template only looks things up and goes through what is there, a few levels deep: its steps are counted, and none of
 * them can take long by itself. A limit from outside costs a thread of its own.
 */
function isPlainTemplate(source: string): boolean {
  const code = source.replace(/'[^'\\]*'|"[^"\\]*"/g, "''").replace(/\{%-?|-?%\}/g, ' ')
  return source.length < 4000 && !/[*+~/|(%-]|\b(?:set|macro|import|include|call|filter)\b/.test(code)
}

const withinBudget = <T>({ timeLimit = unlimited, budget = TEMPLATE_BUDGET }: TemplateLimits, work: () => T): T =>
  timeLimit(budget.milliseconds, work)

function protectMessage(message: ChatMessage, protect: (text: string) => string): ChatMessage {
  const { content } = message
  if (typeof content === 'string') return { ...message, content: protect(content) }
  const parts = content.map((part) => (part.type === 'text' ? protectPart(part, protect) : part))
  return { ...message, content: parts }
}

const protectPart = ({ isMarkup, ...part }: TextPart, protect: (text: string) => string): TextPart => ({
  ...part,
  text: isMarkup ? part.text : protect(part.text),
})

function buildEnvironment(messages: readonly ChatMessage[], options: RenderOptions): Environment {
  const { addGenerationPrompt = true, bosToken = '', eosToken = '', tools, variables = {} } = options
  const taken = Object.keys(variables).find((name) => OWN_NAMES.includes(name) || RESERVED_NAMES.includes(name))
  if (taken !== undefined) {
    const message = `"${taken}" is a name of the chat template itself; variables may not replace it`
    throw new FoveaError('template_variable_reserved', 'usage', message)
  }
  return templateEnvironment({
    messages: messages.map((message) => protectMessage(message, options.protect ?? ((text) => text))),
    add_generation_prompt: addGenerationPrompt,
    bos_token: bosToken,
    eos_token: eosToken,
    tools: tools ?? null, // as transformers has it: templates ask whether it is none
    ...variables,
  })
}

/**
 * Parses a chat template.
 * @throws FoveaError `template_error`; `render` throws `template_error` and `template_variable_reserved`
 */
export function createChatTemplate(source: string, limits: TemplateLimits = {}): ChatTemplate {
  const text = { ...limits, source }
  const { parsed } = parse(text)
  const isPlain = isPlainTemplate(source)
  function render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
    const { budget = TEMPLATE_BUDGET } = limits
    const rendered = () => {
      const environment = buildEnvironment(messages, options)
      return String(new BudgetInterpreter(environment, budget).run(parsed).value)
    }
    try {
      return isPlain ? rendered() : withinBudget(limits, rendered)
    } catch (cause) {
      throw explain(text, cause)
    }
  }
  const lossError = () => templateError(text, 'leaves out what is asked')
  const served: ServedForms = new Map()
  return {
    render: (messages, options) => renderWhole(messages, (formed) => render(formed, options), lossError, served),
  }
}
