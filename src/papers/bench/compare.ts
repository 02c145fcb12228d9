/** Two benchmarks side by side: the same questions, answered by what has changed since. */
import { FoveaError } from '../../errors.ts'
import type { Difference } from '../../evaluation/paired.ts'
import type { Answer } from '../../evaluation/world.ts'
import { compareMeans } from '../reports/asker.ts'
import { type BenchFacts, differences } from './facts.ts'
import { readAnswers, readBench } from './run.ts'

/** Another model, or other questions: there would be nothing to pair. */
const MUST: readonly (keyof BenchFacts)[] = ['modelHash', 'split', 'seed', 'n', 'tasks', 'data']
/** Under which times are not comparable. */
const TIMES: readonly (keyof BenchFacts)[] = ['machine', 'threads', 'node']

export interface Compared {
  readonly label: string
  readonly keep?: number
  readonly method: string
  /** The second above the first, in shares of right answers, paired. */
  readonly accuracy: Difference
  /** Times to the first token over that of the dense model beside them, first and second. */
  readonly ttft?: readonly [number, number]
}

export interface Comparison {
  readonly rows: readonly Compared[]
  /** Methods that only one of them has. */
  readonly alone: readonly string[]
  /** Why times are not set side by side, where they are not. */
  readonly apart: readonly string[]
}

/** Answers are paired by their place. Throws FoveaError `bench_answers` where some are missing, as from a notebook cut off. */
function assertSameQuestions(
  method: string,
  { first, second }: Readonly<Record<'first' | 'second', string>>,
  before: readonly Answer[],
  after: readonly Answer[],
): void {
  if (before.length === after.length && before.every(({ question }, at) => question === after[at].question)) return
  const message = `${first} and ${second} do not hold answers to the same questions by ${method} (${before.length}, ${after.length}); run fovea bench reduce again in both`
  throw new FoveaError('bench_answers', 'input', message)
}

/** @throws FoveaError `bench_unlike` where the two differ in what must not; `bench_missing`, `bench_invalid`, `bench_answers` */
export async function compareBenches(first: string, second: string): Promise<Comparison> {
  const [a, b] = [await readBench(first), await readBench(second)]
  const unlike = differences(a.facts, b.facts, MUST)
  if (unlike.length > 0)
    throw new FoveaError('bench_unlike', 'usage', `${first} and ${second} cannot be compared: ${unlike.join('; ')}`)
  const apart = differences(a.facts, b.facts, TIMES)
  const [before, after] = [await readAnswers(first, a), await readAnswers(second, b)]
  const rows = a.points.flatMap((point) => {
    const other = b.points.find(({ method }) => method === point.method)
    if (!other) return []
    const { label, keep, method } = point
    assertSameQuestions(method, { first, second }, before.get(method)!, after.get(method)!)
    const accuracy = compareMeans([after.get(method)!], [before.get(method)!], a.facts.seed)
    const times = apart.length === 0 && point.timing && other.timing
    return [{ label, keep, method, accuracy, ...(times && { ttft: [point.timing!.ttft[0], times.ttft[0]] as const }) }]
  })
  const names = [a, b].map(({ points }) => points.map(({ method }) => method))
  const alone = [...names[0].filter((name) => !names[1].includes(name)), ...names[1].filter((name) => !names[0].includes(name))] // biome-ignore format: one step
  return { rows, alone, apart }
}
