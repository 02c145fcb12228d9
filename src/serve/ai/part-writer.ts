import type { Generated } from '../engine/job.ts'
import type { Writer } from '../streamed.ts'
import type { Identity } from '../wire/chat-reply.ts'
import type { ToolCall } from '../wire/tools.ts'
import { ending, responseOf, toolCall } from './answer.ts'
import type { ReadCall } from './call.ts'
import type { PartStream } from './part-stream.ts'

/** An answer says one text at most. */
const ID = 'text-0'

/** The parts of one answer. */
export class PartWriter implements Writer {
  private isSpeaking = false

  /** @param onBegin called when the prompt was read: an answer is certain */
  constructor(
    private readonly parts: PartStream,
    private readonly identity: Identity,
    private readonly read: ReadCall,
    private readonly onBegin: () => void,
    private readonly signal?: AbortSignal,
  ) {}

  begin(): void {
    this.parts.send({ type: 'stream-start', warnings: this.read.warnings })
    this.parts.send({ type: 'response-metadata', ...responseOf(this.identity) })
    this.onBegin()
  }

  text(delta: string): void {
    if (!this.isSpeaking) this.parts.send({ type: 'text-start', id: ID })
    this.isSpeaking = true
    this.parts.send({ type: 'text-delta', id: ID, delta })
  }

  call(call: ToolCall): void {
    const { id, name: toolName, arguments: delta } = call
    this.parts.send({ type: 'tool-input-start', id, toolName })
    this.parts.send({ type: 'tool-input-delta', id, delta })
    this.parts.send({ type: 'tool-input-end', id })
    this.parts.send(toolCall(call))
  }

  end(result: Generated, call: ToolCall | undefined): void {
    if (this.isSpeaking) this.parts.send({ type: 'text-end', id: ID })
    this.parts.send({ type: 'finish', ...ending(result, call, this.read.isFovea) })
  }

  fail(error: unknown): void {
    if (this.signal?.aborted) this.parts.fail(this.signal.reason)
    else this.parts.send({ type: 'error', error })
  }
}
