/** Answers in the form of Anthropic's Messages. */
import type { Generated } from '../engine/job.ts'
import type { EventStream } from '../http/event-stream.ts'
import { anthropicError, failureOf } from '../http/failure.ts'
import type { Writer } from '../streamed.ts'
import { foveaReport, type Identity, usageOf } from './chat-reply.ts'
import type { ToolCall } from './tools.ts'

const NO_USAGE = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }

/** Tokens from the cache are not among the others here. */
function usage(result: Generated) {
  const { prompt_tokens, completion_tokens, prompt_tokens_details } = usageOf(result)
  const { cached_tokens } = prompt_tokens_details
  return {
    ...NO_USAGE,
    input_tokens: prompt_tokens - cached_tokens,
    output_tokens: completion_tokens,
    cache_read_input_tokens: cached_tokens,
  }
}

function stopReason({ finishReason }: Generated, call: ToolCall | undefined): string {
  if (call) return 'tool_use'
  return finishReason === 'length' ? 'max_tokens' : 'end_turn'
}

const toolUse = ({ id, name, arguments: given }: ToolCall) => ({
  type: 'tool_use',
  id: id.replace(/^call_/, 'toolu_'),
  name,
  input: JSON.parse(given),
})

const head = ({ id, model }: Identity) => ({ id, type: 'message', role: 'assistant', model, stop_sequence: null })

/** A whole answer. */
export function anthropicMessage(identity: Identity, result: Generated, call: ToolCall | undefined, isFovea: boolean) {
  return {
    ...head(identity),
    content: [call ? toolUse(call) : { type: 'text', text: result.text }],
    stop_reason: stopReason(result, call),
    usage: usage(result),
    fovea: foveaReport(result, isFovea),
  }
}

/** The events of one answer. */
export class AnthropicWriter implements Writer {
  private isSpeaking = false

  constructor(
    private readonly events: EventStream,
    private readonly identity: Identity,
    private readonly isFovea: boolean,
  ) {}

  begin(): void {
    this.send('message_start', { message: { ...head(this.identity), content: [], stop_reason: null, usage: NO_USAGE } })
  }

  text(text: string): void {
    this.speak()
    this.send('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
  }

  call(call: ToolCall): void {
    this.isSpeaking = true
    this.send('content_block_start', { index: 0, content_block: { ...toolUse(call), input: {} } })
    this.send('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: call.arguments } })
  }

  end(result: Generated, call: ToolCall | undefined): void {
    this.speak()
    this.send('content_block_stop', { index: 0 })
    const delta = { stop_reason: stopReason(result, call), stop_sequence: null }
    this.send('message_delta', { delta, usage: usage(result), fovea: foveaReport(result, this.isFovea) })
    this.send('message_stop', {})
  }

  fail(error: unknown): void {
    this.events.send(anthropicError(failureOf(error)), 'error')
  }

  private speak(): void {
    if (!this.isSpeaking) this.send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
    this.isSpeaking = true
  }

  private send(type: string, rest: object): void {
    this.events.send({ type, ...rest }, type)
  }
}
