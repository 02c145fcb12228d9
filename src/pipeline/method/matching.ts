/** Bipartite matching of like tokens (ToMe, Bolya et al., arXiv 2210.09461, section 3), with plain means, or weighted by sizes. */
import {
  add,
  concat,
  constant,
  div,
  expand,
  fixedDim,
  max,
  mul,
  reshape,
  slice,
  type Tensor,
  takeAlong,
  topK,
} from '../../tensor/index.ts'
import { largestColumn, sumsOf } from './groups.ts'
import { gatherRows } from './rows.ts'
import { cosines } from './similarity.ts'
import { scatterPlaces } from './visual-tokens.ts'

/** Tokens on their way through rounds of merging. */
export interface Merged {
  /** What they are, and what they are compared by: [b, m, d] each. */
  readonly states: Tensor
  readonly metric: Tensor
  /** How many of the n went into each, f32 [b, m]: means are weighted by it. Each counts once when absent. */
  readonly sizes?: Tensor
  /** Which of them each of the n tokens before all rounds is part of, i64 [b, n]. */
  readonly assignment: Tensor
  /** Which of the n stands for each of them, i64 [b, m]. */
  readonly source: Tensor
}

/**
 * One round: even places are sources, odd ones destinations; the r sources that are most like a destination (cosine of the
 * metric) go into it, which becomes their mean. What is left: the other sources, most alike first, then destinations.
 */
export function mergeRound({ states, metric, sizes, assignment, source }: Merged, r: number): Merged {
  const T = fixedDim('matching', states, 1)
  const places = (from: number) => Array.from({ length: Math.ceil((T - from) / 2) }, (_, at) => 2 * at + from)
  const rows = (values: readonly number[]) =>
    expand(constant(values, [1, values.length], 'i64'), [states.shape[0], values.length])
  const [even, odd] = [rows(places(0)), rows(places(1))]
  const sources = fixedDim('matching', even, 1)
  const likeness = cosines(gatherRows(metric, even), gatherRows(metric, odd))
  const order = topK(max(likeness, 2), sources)
  const nearest = takeAlong(largestColumn(likeness), order)
  const [gone, left] = [slice(order, 1, 0, r), slice(order, 1, r)]
  const into = slice(nearest, 1, 0, r)
  const [merged, rest] = [takeAlong(even, gone), takeAlong(even, left)]
  const arrived = (x: Tensor) => sumsOf(gatherRows(x, merged), into, odd.shape[1])
  const size = sizes && reshape(sizes, [...sizes.shape, 1])
  const grown = size && add(gatherRows(size, odd), arrived(size).sums) // [b, odd, 1]
  const joined = (x: Tensor) => {
    const counted = size ? mul(x, size) : x
    const { sums, counts } = arrived(counted)
    const total = grown ?? add(counts, 1)
    return concat([gatherRows(x, rest), div(add(gatherRows(counted, odd), sums), total)], 1)
  }
  const old = concat([rest, odd, merged], 1)
  const now = concat([rows([...Array(T - r).keys()]), add(into, sources - r)], 1)
  const next = joined(states)
  return {
    states: next,
    metric: metric === states ? next : joined(metric),
    ...(sizes && grown && { sizes: concat([takeAlong(sizes, rest), reshape(grown, odd.shape)], 1) }),
    assignment: takeAlong(scatterPlaces(T, old, now), assignment),
    source: takeAlong(source, concat([rest, odd], 1)),
  }
}

/**
 * Rounds of at most half of the tokens each, until `count` are left.
 * @param isWeighted whether means count what went into each token before
 */
export function mergeTo(states: Tensor, metric: Tensor, count: number, isWeighted = false): Merged {
  const n = fixedDim('matching', states, 1)
  const own = expand(constant([...Array(n).keys()], [1, n], 'i64'), [states.shape[0], n])
  const sizes = isWeighted ? expand(constant([1], [1, 1]), [states.shape[0], n]) : undefined
  let merged: Merged = { states, metric, sizes, assignment: own, source: own }
  for (let T = n; T > count; ) {
    const r = Math.min(T - count, Math.floor(T / 2))
    merged = mergeRound(merged, r)
    T -= r
  }
  return merged
}
