/** Who answers the requests of batches. */
import type { RequestLine } from './request-line.ts'

/** What the server would have replied. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** One request of a batch; the two names are one of nothing else. */
export interface Asked {
  readonly batch: string
  readonly line: number
  read(): Promise<RequestLine>
}

export interface Executor {
  /** Requests of one batch that it takes before it has answered the first. */
  readonly atOnce: number
  /** The reply to a request, whenever its turn comes. Throws where `signal` is aborted, and what reading throws. */
  run(asked: Asked, signal: AbortSignal): Promise<Answer>
  /** The answer was written down, or nobody wants it any more. */
  forget(asked: Pick<Asked, 'batch' | 'line'>): Promise<void>
  close(): Promise<void>
}
