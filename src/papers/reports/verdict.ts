import type { Difference } from '../../evaluation/paired.ts'
import type { Row } from './row.ts'

/** A difference that is smaller is none: one question in a hundred. */
const LEAST = 0.01
/** Questions that it takes to say that there is a difference, and that there is none. */
const LEAST_PAIRS = { some: 30, none: 100 }

type Verdict = Pick<Row, 'holds' | 'reason'>

/**
 * Whether the first is better: the interval lies above zero. It does not hold where the interval ends below 0.01. What
 * lies between is undecided, and so is what too few questions were asked for.
 */
export function better({ low, high, pairs }: Difference, than: string): Verdict {
  if (low > 0 && pairs >= LEAST_PAIRS.some) return { holds: true }
  if (pairs < LEAST_PAIRS.none) return { holds: 'undecided', reason: `${pairs} questions are too few; ask more (--n)` }
  if (high < 0) return { holds: false, reason: `it is worse than ${than} here` }
  if (high < LEAST) return { holds: false, reason: `it is not better than ${than} here by even 1 point` }
  return {
    holds: 'undecided',
    reason: `the interval of the difference to ${than} holds zero; ask more questions (--n)`,
  }
}

/** Whether a ratio to the dense model lies below 1, with its interval where it has one. */
export function less(ratio: number, what: string, interval: readonly [number, number] = [ratio, ratio]): Verdict {
  if (interval[1] < 1) return { holds: true }
  if (interval[0] >= 1) return { holds: false, reason: `${what} is not below that of the dense model` }
  return { holds: 'undecided', reason: `the interval of ${what} holds that of the dense model` }
}

/** A count or a difference that must be zero. */
export const zero = (value: number, otherwise: string): Verdict =>
  value === 0 ? { holds: true } : { holds: false, reason: otherwise }
