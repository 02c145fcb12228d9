import type { Generated, SaidToken } from '../engine/job.ts'
import type { EventStream } from '../http/event-stream.ts'
import { failureOf, openAiError } from '../http/failure.ts'
import type { Writer } from '../streamed.ts'
import { chatChunk, finishOf, foveaReport, type Identity, toolCallsOf, usageOf } from './chat-reply.ts'
import type { ChatBody } from './schemas.ts'
import type { ToolCall } from './tools.ts'

/** The chunks of one answer. */
export class ChatWriter implements Writer {
  constructor(
    private readonly events: EventStream,
    private readonly identity: Identity,
    private readonly body: ChatBody,
  ) {}

  begin(): void {
    this.send({ role: 'assistant', content: '' })
  }

  text(content: string, tokens: readonly SaidToken[]): void {
    this.send({ content }, { tokens })
  }

  call(call: ToolCall): void {
    this.send({ tool_calls: toolCallsOf(call) })
  }

  end(result: Generated, call: ToolCall | undefined, tokens: readonly SaidToken[]): void {
    const fovea = foveaReport(result, this.body.fovea !== undefined)
    this.send({}, { finish: finishOf(result, call), tokens }, { fovea })
    if (this.isCounted) this.events.send({ ...chatChunk(this.identity, {}), choices: [], usage: usageOf(result) })
    this.events.send('[DONE]')
  }

  fail(error: unknown): void {
    this.events.send(openAiError(failureOf(error)))
  }

  private get isCounted(): boolean {
    return this.body.stream_options?.include_usage ?? false
  }

  private send(delta: object, more: Parameters<typeof chatChunk>[2] = {}, beside: object = {}): void {
    this.events.send({ ...chatChunk(this.identity, delta, more), ...(this.isCounted && { usage: null }), ...beside })
  }
}
