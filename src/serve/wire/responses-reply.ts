/** Answers in the form of OpenAI's Responses. */
import { randomUUID } from 'node:crypto'
import type { Generated } from '../engine/job.ts'
import { foveaReport, type Identity, usageOf } from './chat-reply.ts'
import type { ResponsesBody } from './responses-request.ts'
import type { ToolCall } from './tools.ts'

export const itemId = (prefix: string): string => `${prefix}${randomUUID().replaceAll('-', '')}`

export const textPart = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] })

export const messageItem = (id: string, text: string, status: string) => ({
  type: 'message',
  id,
  status,
  role: 'assistant',
  content: status === 'in_progress' ? [] : [textPart(text)],
})

export const callItem = (id: string, { id: call_id, name, arguments: given }: ToolCall, status: string) => ({
  type: 'function_call',
  id,
  status,
  call_id,
  name,
  arguments: status === 'in_progress' ? '' : given,
})

/** What every state of an answer says. */
export function responseHead({ id, created, model }: Identity, body: ResponsesBody, status: string) {
  const { instructions = null, max_output_tokens = null, temperature = null, top_p = null } = body
  return {
    id,
    object: 'response',
    created_at: created,
    status,
    error: null as unknown,
    incomplete_details: null as unknown,
    instructions,
    max_output_tokens,
    model,
    output: [] as unknown[],
    parallel_tool_calls: false,
    previous_response_id: null,
    temperature,
    top_p,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    truncation: 'disabled',
    store: false,
    metadata: {},
    usage: null as unknown,
  }
}

/** What was said as an item, or the call of a function that it is. */
export function itemOf(result: Generated, call: ToolCall | undefined) {
  if (call) return callItem(itemId('fc_'), call, 'completed')
  return messageItem(itemId('msg_'), result.text, result.finishReason === 'length' ? 'incomplete' : 'completed')
}

/** A whole answer with its items. */
export function responseOf(identity: Identity, body: ResponsesBody, result: Generated, output: unknown[]) {
  const isCut = result.finishReason === 'length'
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = usageOf(result)
  const { cached_tokens, cache_write_tokens, image_tokens, text_tokens } = prompt_tokens_details
  return {
    ...responseHead(identity, body, isCut ? 'incomplete' : 'completed'),
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    output,
    usage: {
      input_tokens: prompt_tokens,
      input_tokens_details: { cached_tokens, cache_write_tokens, image_tokens, text_tokens },
      output_tokens: completion_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens,
    },
    fovea: foveaReport(result, body.fovea !== undefined),
  }
}
