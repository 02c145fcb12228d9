import type { Progress } from './job.ts'

/** What a job has beside itself. */
export interface Work {
  readonly signal: AbortSignal
  readonly tell: (progress: Progress) => void
}
