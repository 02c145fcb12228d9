import type { Skipped } from '../row.ts'
import type { LoadTiming, QuestionTiming, TextTiming } from './timing.ts'

export interface Setting {
  readonly repeat: number
  /** Where checkpoints, GGUF files and quantized weights are kept. */
  readonly folder: string
  /** Quantized weights are made anew. */
  readonly fresh: boolean
}

/** What one process measured. */
export interface Measured {
  readonly load?: LoadTiming
  readonly text?: TextTiming
  readonly questions?: readonly QuestionTiming[]
  readonly skipped?: readonly Skipped[]
}

/** One engine at one setting, doing one thing. */
export interface Job {
  readonly name: string
  run(): Promise<Measured>
}

export interface Results {
  readonly loads: readonly LoadTiming[]
  readonly texts: readonly TextTiming[]
  readonly questions: readonly QuestionTiming[]
  readonly skipped: readonly Skipped[]
}

/** Runs one job after the other; one that fails becomes a row that says why. `say` is told of each. */
export async function runJobs(jobs: readonly Job[], say: (line: string) => void): Promise<Results> {
  const all: Measured[] = []
  for (const { name, run } of jobs) {
    const started = performance.now()
    const found = await run().catch((error: Error): Measured => ({ skipped: [{ name, skipped: error.message }] }))
    const seconds = (performance.now() - started) / 1000
    const failed = found.skipped?.map(({ skipped }) => `: ${skipped}`).join('') ?? ''
    say(`${name}, ${seconds.toFixed(0)} s${failed}`)
    all.push(found)
  }
  return {
    loads: all.flatMap(({ load }) => load ?? []),
    texts: all.flatMap(({ text }) => text ?? []),
    questions: all.flatMap(({ questions }) => questions ?? []),
    skipped: all.flatMap(({ skipped }) => skipped ?? []),
  }
}
