import type { Skipped } from '../row.ts'
import { type LoadTiming, type QuestionTiming, type TextTiming, TURNS } from './timing.ts'

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
  /** It is run several times, and takes turns with the others. */
  readonly inTurns?: boolean
  run(): Promise<Measured>
}

export interface Results {
  readonly loads: readonly LoadTiming[]
  readonly texts: readonly TextTiming[]
  readonly questions: readonly QuestionTiming[]
  readonly skipped: readonly Skipped[]
}

/** The rounds of all turns of an engine, as if there had been one. */
function pooled(texts: readonly TextTiming[]): TextTiming[] {
  const engines = [...new Set(texts.map(({ engine }) => engine))]
  return engines.map((name) => texts.filter(({ engine }) => engine === name).reduce(together))
}

const together = (a: TextTiming, b: TextTiming): TextTiming => ({
  engine: a.engine,
  prefill: joined(a.prefill, b.prefill),
  decode: joined(a.decode, b.decode),
  ...(a.vision && b.vision && { vision: [...a.vision, ...b.vision] }),
  memory: Math.max(a.memory, b.memory),
})

type Rounds = TextTiming['prefill']

const joined = (a: Rounds, b: Rounds): Rounds =>
  Object.fromEntries(Object.entries(a).map(([at, times]) => [at, [...times, ...b[at]]]))

/** Only the first load of an engine can be a cold one. */
const firstOfEach = (loads: readonly LoadTiming[]): LoadTiming[] =>
  loads.filter((load, at) => loads.findIndex(({ engine }) => engine === load.engine) === at)

/** Runs one job after the other; one that fails becomes a row that says why. `say` is told of each. */
export async function runJobs(jobs: readonly Job[], say: (line: string) => void): Promise<Results> {
  const all: Measured[] = []
  const failed = new Set<string>()
  const again = jobs.filter(({ inTurns }) => inTurns)
  for (const { name, run } of [...jobs, ...new Array<readonly Job[]>(TURNS - 1).fill(again).flat()]) {
    if (failed.has(name)) continue
    const started = performance.now()
    const found = await run().catch((error: Error): Measured => ({ skipped: [{ name, skipped: error.message }] }))
    const seconds = (performance.now() - started) / 1000
    const faults = found.skipped?.map(({ skipped }) => `: ${skipped}`).join('') ?? ''
    if (faults) failed.add(name)
    say(`${name}, ${seconds.toFixed(0)} s${faults}`)
    all.push(found)
  }
  return {
    loads: firstOfEach(all.flatMap(({ load }) => load ?? [])),
    texts: pooled(all.flatMap(({ text }) => text ?? [])),
    questions: all.flatMap(({ questions }) => questions ?? []),
    skipped: all.flatMap(({ skipped }) => skipped ?? []),
  }
}
