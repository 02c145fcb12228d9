import type { FoveaError } from '../../errors.ts'
import type { Precision } from '../../pipeline/precision-report.ts'
import type { Device } from '../../runtime/index.ts'
import type { Job, ModelFacts, Progress } from './job.ts'

/** What the engine process is opened with. */
export interface EngineOptions {
  /** `mini`, a folder, or a model of the hub. */
  readonly model: string
  /** The vision side of a model in a `.gguf` file. */
  readonly mmproj?: string
  readonly device?: Device
  readonly dtype?: Precision | 'auto'
  readonly threads?: number
  /** Bytes of keys and values of earlier prompts that are kept for those that begin alike; absent: none. */
  readonly prefixBytes?: number
  /** A CLIP or SigLIP model that embeds. */
  readonly embedder?: string
}

/** From the server to the engine process. */
export type ToEngine =
  | { readonly type: 'open'; readonly options: EngineOptions }
  | { readonly type: 'job'; readonly id: number; readonly job: Job }
  | { readonly type: 'cancel'; readonly id: number }

/** An error on its way between processes; `param` is the part of the request that it is about. */
export interface SentError {
  readonly code: string
  /** `bug` for what is no FoveaError. */
  readonly kind: FoveaError['kind'] | 'bug'
  readonly message: string
  readonly param?: string
}

/** From the engine process to the server. */
export type FromEngine =
  | { readonly type: 'open'; readonly facts: ModelFacts }
  | { readonly type: 'closed'; readonly error: SentError }
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError }
