import type { Reply, Request } from './protocol.ts'

export interface Message {
  readonly id: number
  readonly request: Request
}

/** Where ONNX Runtime lives: in a thread of this process, or in a process of its own. */
export interface Engine {
  post(message: Message): void
  /** While it owes an answer, the process may not end. */
  ref(): void
  unref(): void
  /** The last request, `end`, was posted or could not be; resolves when nothing of the engine runs any more. */
  end(): Promise<void>
  /** No further request begins; one that runs may go on. */
  stop(): void
}

/** What an engine tells of itself. */
export interface EngineEvents {
  readonly onReply: (reply: Reply) => void
  readonly onError: (error: Error) => void
  /** Nothing will be answered any more. */
  readonly onExit: () => void
}
