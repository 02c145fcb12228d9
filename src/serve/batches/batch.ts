/** A batch as OpenAI's clients know it, and as it lies on disk. */
export const BATCHED = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings'] as const

export type BatchedUrl = (typeof BATCHED)[number]

export type BatchStatus =
  | 'validating'
  | 'failed'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'

/** What is wrong with the input as a whole, or with a line of it. */
export interface BatchError {
  readonly code: string
  readonly message: string
  readonly param: string | null
  /** Counted from 1. */
  readonly line: number | null
}

export interface RequestCounts {
  readonly total: number
  readonly completed: number
  readonly failed: number
}

/** Times are seconds since 1970, null for what did not happen. */
export interface BatchObject {
  readonly id: string
  readonly object: 'batch'
  readonly endpoint: BatchedUrl
  /** Of the server that took it; no other model goes on with it. */
  readonly model: string
  readonly errors: { readonly object: 'list'; readonly data: readonly BatchError[] } | null
  readonly input_file_id: string
  readonly completion_window: string
  readonly status: BatchStatus
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly created_at: number
  readonly in_progress_at: number | null
  readonly expires_at: number
  readonly finalizing_at: number | null
  readonly completed_at: number | null
  readonly failed_at: number | null
  readonly expired_at: number | null
  readonly cancelling_at: number | null
  readonly cancelled_at: number | null
  readonly request_counts: RequestCounts
  readonly metadata: Readonly<Record<string, string>> | null
}

const OVER: readonly BatchStatus[] = ['failed', 'completed', 'expired', 'cancelled']

export const isOver = ({ status }: BatchObject): boolean => OVER.includes(status)

export const now = (): number => Math.floor(Date.now() / 1000)

/** The batch in its next state, with the time of it. */
export const entering = (batch: BatchObject, status: Exclude<BatchStatus, 'validating'>): BatchObject => ({
  ...batch,
  status,
  [`${status}_at`]: now(),
})

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A timer counts no further than 24 days. */
const LONGEST_WINDOW = 14 * SECONDS.d

/** Seconds of a window such as `24h`; undefined where it is none, of at least a second and at most 14 days. */
export function windowSeconds(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * SECONDS[unit]
  return seconds <= LONGEST_WINDOW ? seconds : undefined
}

/** As clients are told: of files once they are there. */
export const told = (batch: BatchObject): BatchObject =>
  isOver(batch) ? batch : { ...batch, output_file_id: null, error_file_id: null }
