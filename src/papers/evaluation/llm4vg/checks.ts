/** Exact invariants of the scores, the random rows and the parser. */
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { type Interval, parseInterval, randomInterval, recall, tIou } from './interval.ts'
import { readDiary } from './prompt.ts'

const DRAWS = 10_000

const beyond = (value: number, wanted: number, allowed: number): number =>
  Math.abs(value - wanted) <= allowed ? 0 : Math.abs(value - wanted)

/** Pairs of intervals, and their tIoU. */
const WORKED: readonly (readonly [Interval, Interval, number])[] = [
  [[12, 14], [11, 15], 0.5],
  [[0, 10], [5, 15], 1 / 3],
  [[0, 1], [2, 3], 0],
  [[2, 5], [2, 5], 1],
  [[3, 3], [3, 3], 0],
]

/** Forms of [12, 15] in a video of 60 seconds. */
const ANSWERS = [
  '[12s, 15s]',
  'start time: 12s, end time: 15s',
  'from 12 to 15',
  '0:12 - 0:15',
  '0012-0015',
  '12 - 15 s',
  '[15, 12]',
]

export async function* checks({ seed }: Lab): AsyncGenerator<Exact> {
  const off = WORKED.map(([a, b, wanted]) => beyond(tIou(a, b), wanted, 1e-12) + beyond(tIou(b, a), wanted, 1e-12))
  yield { name: 'tIoU of pairs worked by hand, both ways round: off', value: Math.max(...off), count: off.length }
  const half = tIou([12, 14], [11, 15])
  yield {
    name: 'thresholds that a tIoU of 0.5 passes or fails otherwise than strictly',
    value: [recall([half], 0.3) !== 1, recall([half], 0.5) !== 0].filter(Boolean).length,
  }
  const misread = ANSWERS.filter((text) => String(parseInterval(text, 60)?.interval) !== '12,15')
  yield { name: 'forms of one interval that are read as another', value: misread.length, count: ANSWERS.length }
  yield* randomRows(seed)
  const lines = Array.from({ length: 30 }, (_, second) => ({
    second,
    text: second >= 8 && second < 14 ? 'a ring moves' : 'a ring',
  }))
  yield {
    name: 'oracle diary, read by rule: tIoU off 1',
    value: 1 - tIou(readDiary(lines, 'a ring moves') ?? [0, 0], [8, 14]),
  }
}

/** The published rows of the random baseline, to one point. */
function* randomRows(seed: number): Generator<Exact> {
  const rows = [
    { truth: [0.3, 0.6], wanted: [0.503, 0.203, 0.048] },
    { truth: [0, 0.27], wanted: [0.155, 0.055, 0.016] },
  ] as const
  for (const { truth, wanted } of rows) {
    const rng = Rng.from(seed, 'llm4vg', ...truth)
    const ious = Array.from({ length: DRAWS }, () => tIou(randomInterval(1, rng), truth))
    const off = [0.3, 0.5, 0.7].map((threshold, at) => beyond(recall(ious, threshold), wanted[at], 0.015))
    yield {
      name: `random intervals against ${truth.join(' to ')} of 1: recall off its closed form`,
      value: Math.max(...off),
      count: DRAWS,
    }
  }
}
