import type { RunOptions, SessionOptions } from '../backend.ts'
import type { WireFeed } from '../ort-session.ts'
import type { Value } from '../values.ts'

/** What the main thread asks of the worker; each request is answered by one reply with the same id. */
export type Request =
  | { type: 'load'; session: number; model: Uint8Array; device: string; options: SessionOptions }
  | { type: 'run'; session: number; feeds: Record<string, WireFeed>; options: RunOptions }
  | { type: 'write'; session: number; values: Record<string, Value> }
  | { type: 'read'; session: number; keys: readonly string[] }
  | { type: 'truncate'; session: number; rows: Record<string, number> }
  | { type: 'forget'; session: number; keys: readonly string[] }
  | { type: 'release'; session: number }
  /** The last request. */
  | { type: 'end' }

/** Cells of the flags that both threads share: no further request may begin; a request is being handled. */
export const STOP = 0
export const BUSY = 1

export interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}
