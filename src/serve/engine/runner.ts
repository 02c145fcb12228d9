import type { RunOptions } from './engine.ts'
import type { Job, Results } from './job.ts'

/** What does jobs: a process that holds a model, or the model in this one. */
export interface Runner {
  run<Kind extends Job['kind']>(job: Extract<Job, { kind: Kind }>, options?: RunOptions): Promise<Results[Kind]>
  close(): Promise<void>
}
