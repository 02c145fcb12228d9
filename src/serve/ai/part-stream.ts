import type { LanguageModelV3StreamPart } from '@ai-sdk/provider'
import type { Sink } from '../streamed.ts'

/** Parts of an answer on their way to the SDK. */
export class PartStream implements Sink {
  readonly readable: ReadableStream<LanguageModelV3StreamPart>
  isOpen = false
  private isOver = false
  private controller!: ReadableStreamDefaultController<LanguageModelV3StreamPart>

  /** @param onGone called when the reader goes away */
  constructor(onGone: () => void) {
    this.readable = new ReadableStream({
      start: (controller) => {
        this.controller = controller
      },
      cancel: () => {
        this.isOver = true
        onGone()
      },
    })
  }

  send(part: LanguageModelV3StreamPart): void {
    this.isOpen = true
    if (!this.isOver) this.controller.enqueue(part)
  }

  /** Ends with an error: what was aborted, as readers know it. */
  fail(reason: unknown): void {
    if (!this.isOver) this.controller.error(reason)
    this.isOver = true
  }

  end(): void {
    if (!this.isOver) this.controller.close()
    this.isOver = true
  }
}
