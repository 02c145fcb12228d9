import type { LanguageModelV3CallOptions, SharedV3Warning } from '@ai-sdk/provider'
import { checked } from '../endpoint.ts'
import type { GenerateJob } from '../engine/job.ts'
import { chatJob } from '../wire/chat-request.ts'
import { type ChatBody, chatBody } from '../wire/schemas.ts'
import { type Toolbox, toolboxOf } from '../wire/tools.ts'
import { chatMessages, hasReasoning, ROOT } from './prompt.ts'
import { type FoveaSettings, settingsOf } from './settings.ts'

/** A call of the SDK, as the engine takes it. */
export interface ReadCall {
  readonly job: GenerateJob
  readonly toolbox?: Toolbox
  readonly warnings: SharedV3Warning[]
  /** Whether it said anything about methods. */
  readonly isFovea: boolean
}

type Options = LanguageModelV3CallOptions

/** Throws ParamError for what cannot be done. */
export function readCall(options: Options, own: FoveaSettings): ReadCall {
  const settings = settingsOf(own, options.providerOptions)
  const body = checked(chatBody, bodyOf(options, settings))
  const toolbox = toolboxOf(body)
  const job = chatJob(body, toolbox, { root: ROOT })
  const isFovea = settings.method !== undefined || settings.overlay !== undefined
  return { job, toolbox, warnings: warningsOf(options), isFovea }
}

function bodyOf(options: Options, { method, overlay, ...settings }: FoveaSettings): ChatBody {
  return {
    messages: chatMessages(options.prompt),
    max_tokens: options.maxOutputTokens,
    temperature: options.temperature,
    top_p: options.topP,
    top_k: options.topK,
    presence_penalty: options.presencePenalty,
    frequency_penalty: options.frequencyPenalty,
    stop: options.stopSequences,
    seed: options.seed,
    min_p: settings.minP,
    repetition_penalty: settings.repetitionPenalty,
    ignore_eos: settings.ignoreEos,
    guided_regex: settings.regex,
    mm_processor_kwargs: { min_pixels: settings.minPixels, max_pixels: settings.maxPixels },
    fovea: { method, overlay },
    response_format: formatOf(options),
    tools: toolsOf(options),
    tool_choice: choiceOf(options),
  }
}

function formatOf({ responseFormat }: Options): ChatBody['response_format'] {
  if (responseFormat?.type !== 'json') return undefined
  const { name, schema } = responseFormat
  return schema ? { type: 'json_schema', json_schema: { name, schema } } : { type: 'json_object' }
}

const toolsOf = ({ tools = [] }: Options): ChatBody['tools'] =>
  tools.flatMap((tool) => {
    if (tool.type === 'provider') return []
    const { name, description, inputSchema } = tool
    const parameters = inputSchema as Record<string, unknown>
    return [{ type: 'function' as const, function: { name, description, parameters } }]
  })

function choiceOf({ toolChoice }: Options): ChatBody['tool_choice'] {
  if (toolChoice?.type !== 'tool') return toolChoice?.type
  return { type: 'function', function: { name: toolChoice.toolName } }
}

const unsupported = (feature: string, details: string): SharedV3Warning => ({ type: 'unsupported', feature, details })

/** What is left out, or has no effect. */
function warningsOf({ prompt, tools = [], toolChoice, responseFormat }: Options): SharedV3Warning[] {
  const foreign = tools.flatMap((tool) => (tool.type === 'provider' ? [tool.id] : []))
  const mayCall = tools.length > foreign.length && (toolChoice?.type ?? 'auto') === 'auto'
  return [
    ...foreign.map((id) => unsupported(`tool ${id}`, 'tools of providers are not there; it is left out')),
    ...(hasReasoning(prompt) ? [unsupported('reasoning', 'reasoning of earlier turns is left out')] : []),
    ...(mayCall && responseFormat?.type === 'json'
      ? [unsupported('tools', 'an answer of a form keeps to it and calls no tool; ask for the form without tools')]
      : []),
  ]
}
