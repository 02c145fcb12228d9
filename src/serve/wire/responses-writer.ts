import type { Generated } from '../engine/job.ts'
import type { EventStream } from '../http/event-stream.ts'
import { failureOf, openAiError } from '../http/failure.ts'
import type { Writer } from '../streamed.ts'
import type { Identity } from './chat-reply.ts'
import { callItem, itemId, messageItem, responseHead, responseOf, textPart } from './responses-reply.ts'
import type { ResponsesBody } from './responses-request.ts'
import type { ToolCall } from './tools.ts'

/** The events of one answer, numbered. */
export class ResponsesWriter implements Writer {
  private number = 0
  private readonly messageId = itemId('msg_')
  private isSpeaking = false
  private said = ''
  private item: unknown

  constructor(
    private readonly events: EventStream,
    private readonly identity: Identity,
    private readonly body: ResponsesBody,
  ) {}

  begin(): void {
    const response = responseHead(this.identity, this.body, 'in_progress')
    this.send('response.created', { response })
    this.send('response.in_progress', { response })
  }

  text(delta: string): void {
    this.speak()
    this.said += delta
    this.send('response.output_text.delta', { ...this.place(), delta, logprobs: [] })
  }

  call(call: ToolCall): void {
    const id = itemId('fc_')
    const place = { item_id: id, output_index: 0 }
    this.send('response.output_item.added', { output_index: 0, item: callItem(id, call, 'in_progress') })
    this.send('response.function_call_arguments.delta', { ...place, delta: call.arguments })
    this.send('response.function_call_arguments.done', { ...place, name: call.name, arguments: call.arguments })
    this.item = callItem(id, call, 'completed')
    this.send('response.output_item.done', { output_index: 0, item: this.item })
  }

  end(result: Generated): void {
    if (!this.item) this.endMessage(result)
    const response = responseOf(this.identity, this.body, result, [this.item])
    this.send(`response.${response.status}`, { response })
  }

  fail(error: unknown): void {
    const { code, message, param } = openAiError(failureOf(error)).error
    this.send('error', { code, message, param })
  }

  private speak(): void {
    if (this.isSpeaking) return
    this.isSpeaking = true
    this.send('response.output_item.added', { output_index: 0, item: messageItem(this.messageId, '', 'in_progress') })
    this.send('response.content_part.added', { ...this.place(), part: textPart('') })
  }

  private endMessage({ finishReason }: Generated): void {
    this.speak()
    this.send('response.output_text.done', { ...this.place(), text: this.said, logprobs: [] })
    this.send('response.content_part.done', { ...this.place(), part: textPart(this.said) })
    this.item = messageItem(this.messageId, this.said, finishReason === 'length' ? 'incomplete' : 'completed')
    this.send('response.output_item.done', { output_index: 0, item: this.item })
  }

  private place() {
    return { item_id: this.messageId, output_index: 0, content_index: 0 }
  }

  private send(type: string, rest: object): void {
    this.events.send({ type, sequence_number: this.number++, ...rest }, type)
  }
}
