/** Messages to one prompt text, by the Jinja template that comes with a model. */
import { type Environment, Template } from '@huggingface/jinja'
import { FoveaError } from '../errors.ts'
import type { ChatMessage } from './chat-message.ts'
import {
  BudgetError,
  BudgetInterpreter,
  RaisedError,
  RESERVED_NAMES,
  type TemplateBudget,
  templateEnvironment,
} from './template-interpreter.ts'
import { renderWhole } from './whole-rendering.ts'

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

function templateError(message: string, cause?: unknown): FoveaError {
  return new FoveaError('template_error', 'input', `the chat template ${message}`, { cause })
}

/** One clear line for whatever went wrong; words of the template itself are shown, words of the library are not. */
function explain(cause: unknown): FoveaError {
  if (cause instanceof BudgetError) return templateError(`was stopped: it ${cause.message}`, cause)
  if (cause instanceof RaisedError) {
    return templateError(`refuses the messages: ${cause.message.replace(/\s+/g, ' ').slice(0, 300)}`, cause)
  }
  if (cause instanceof RangeError) return templateError('is nested too deeply or builds too long a text', cause)
  return templateError('failed: it uses something that is not supported or does not fit the messages', cause)
}

function parse(source: string): Template {
  if (source.length > MAX_TEMPLATE_LENGTH) {
    throw templateError(`has ${source.length} characters; the limit is ${MAX_TEMPLATE_LENGTH}`)
  }
  try {
    return new Template(source)
  } catch (cause) {
    throw templateError('is not valid Jinja', cause)
  }
}

function protectMessage(message: ChatMessage, protect: (text: string) => string): ChatMessage {
  const { content } = message
  if (typeof content === 'string') return { ...message, content: protect(content) }
  const parts = content.map((part) => (part.type === 'text' ? { ...part, text: protect(part.text) } : part))
  return { ...message, content: parts }
}

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
export function createChatTemplate(source: string, budget: TemplateBudget = TEMPLATE_BUDGET): ChatTemplate {
  const { parsed } = parse(source)
  function render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
    const environment = buildEnvironment(messages, options)
    try {
      return String(new BudgetInterpreter(environment, budget).run(parsed).value)
    } catch (cause) {
      throw explain(cause)
    }
  }
  return { render: (messages, options) => renderWhole(messages, (formed) => render(formed, options)) }
}
