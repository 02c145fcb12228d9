import { Rng } from '../world/index.ts'

/** One question answered in two ways; scores are 0 or 1, or any share between. */
export interface Pair {
  /** What is averaged apart and then counts alike: the task. */
  readonly stratum: string
  /** What was drawn together and is redrawn together: the image, with all questions about it. */
  readonly cluster: string | number
  readonly first: number
  readonly second: number
}

/** The mean of `first - second` with its 95 % interval. */
export interface Difference {
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Questions it is measured on. */
  readonly pairs: number
}

/** The summed differences of a cluster, and over how many questions. */
type Sums = readonly [sum: number, count: number]

/**
 * The difference between two ways of answering the same questions, and the interval of its bootstrap percentiles: images
 * are drawn anew, with replacement, within each task; tasks count alike. Of m images m - 1 are drawn, which makes the
 * spread right for small m; where a task has one image only, all are drawn from together. The draws depend on the seed
 * alone.
 *
 * B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; J. N. K. Rao, C. F. J. Wu, Resampling
 * Inference with Complex Survey Data, 1988.
 *
 * @throws RangeError for fewer than two images
 */
export function pairedDifference(pairs: readonly Pair[], { seed = 1, draws = 2000 } = {}): Difference {
  const strata = groupBy(pairs, ({ stratum }) => stratum).map(clustersOf)
  const drawn = strata.some(({ length }) => length < 2) ? [strata.flat()] : strata
  if (drawn.length === 0 || drawn.some(({ length }) => length < 2))
    throw new RangeError('pairedDifference: one image has no spread; measure at least two')
  const rng = Rng.from(seed, 'bootstrap')
  const redraw = (clusters: readonly Sums[]) => clusters.slice(1).map(() => clusters[rng.int(0, clusters.length - 1)])
  const means = Array.from({ length: draws }, () => meanOf(drawn.map(redraw))).sort((a, b) => a - b)
  return { mean: meanOf(strata), low: quantile(means, 0.025), high: quantile(means, 0.975), pairs: pairs.length }
}

function clustersOf(pairs: readonly Pair[]): Sums[] {
  return groupBy(pairs, ({ cluster }) => cluster).map((group) => [
    group.reduce((sum, { first, second }) => sum + first - second, 0),
    group.length,
  ])
}

function groupBy<T>(items: readonly T[], key: (item: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return [...groups.values()]
}

function meanOf(strata: readonly (readonly Sums[])[]): number {
  const means = strata.map((clusters) => total(clusters, 0) / total(clusters, 1))
  return means.reduce((sum, mean) => sum + mean, 0) / means.length
}

const total = (clusters: readonly Sums[], at: 0 | 1): number => clusters.reduce((sum, cluster) => sum + cluster[at], 0)

/** The smallest value that at least `share` of all do not exceed. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
