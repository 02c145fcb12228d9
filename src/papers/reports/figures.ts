/** Rows of an effect out of counts and of right and wrong answers. */
import { type Difference, pairedDifference } from '../../evaluation/paired.ts'
import { wilson } from '../../evaluation/proportion.ts'
import type { Answer } from '../../evaluation/world.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'

/** A share in percent with its 95 % interval. */
export function shareRow(name: string, successes: number, count: number): Row {
  const { share, low, high } = wilson(successes, count)
  return { part: 'effect', name, value: 100 * share, unit: '%', interval: [100 * low, 100 * high], count }
}

/** A difference of shares in points. */
export const pointsRow = (name: string, { mean, low, high, pairs }: Difference): Row => ({
  part: 'effect',
  name,
  value: 100 * mean,
  unit: 'points',
  interval: [100 * low, 100 * high],
  count: pairs,
})

/** The mean share of right answers of several arms in percent, tasks counted alike, with its interval over images. */
export function shareOf(
  { compareMeans }: Pick<Lab, 'compareMeans'>,
  name: string,
  arms: readonly (readonly Answer[])[],
  beside?: { readonly name: string; readonly of: readonly (readonly Answer[])[] },
): Row {
  const share = (of: readonly (readonly Answer[])[]) =>
    compareMeans(of, [of[0].map((answer) => ({ ...answer, correct: false }))])
  const row = { ...pointsRow(name, share(arms)), unit: '%' }
  return beside ? { ...row, baseline: { name: beside.name, value: 100 * share(beside.of).mean, unit: '%' } } : row
}

/** How much larger the share of true marks is in the first, paired one by one; nothing is known of fewer than two. */
export function gainOf({ seed }: Pick<Lab, 'seed'>, first: readonly boolean[], second: readonly boolean[]): Difference {
  if (first.length < 2) return { mean: 0, low: -1, high: 1, pairs: first.length }
  const pairs = first.map((mark, cluster) => {
    return { stratum: 'marks', cluster, first: Number(mark), second: Number(second[cluster]) }
  })
  return pairedDifference(pairs, { seed })
}

/** What is owed and was not measured, and why. */
export const unmeasured = (name: string, reason: string): Row => ({
  part: 'effect',
  name,
  value: 0,
  unit: '',
  count: 0,
  holds: 'undecided',
  reason: `not measured: ${reason}`,
})

type Estimate = Omit<Difference, 'pairs'>

/**
 * The difference of two figures that were measured apart; their spreads add in square. R. G. Newcombe, Interval estimation
 * for the difference between independent proportions, 1998.
 */
export function apart(a: Estimate, b: Estimate): Estimate {
  const mean = a.mean - b.mean
  return {
    mean,
    low: mean - Math.hypot(a.mean - a.low, b.high - b.mean),
    high: mean + Math.hypot(a.high - a.mean, b.mean - b.low),
  }
}
