/** Rows that belong together by a number that they share. */
import {
  add,
  addDim,
  arange,
  argmax,
  argsort,
  cast,
  ceil,
  concat,
  constant,
  cumsum,
  type Dim,
  dimValue,
  equal,
  expand,
  greaterEqual,
  less,
  maskedIndices,
  max,
  maximum,
  minimum,
  mul,
  mulDim,
  not,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { rangeLike } from './rows.ts'

/** Numbers runs of equal keys (i64 [b, n]) from 0 on; each row's run, i64 [b, n]. */
export function runsOf(keys: Tensor): Tensor {
  const previous = takeAlong(keys, maximum(sub(rangeLike(keys), 1), 0))
  return cumsum(cast(not(equal(keys, previous)), 'i64'), 1)
}

/**
 * Marks in every group the rows of highest score: `share` of them, rounded up, and at least one; equal scores count from
 * the first. Scores f32 [b, n], groups i64 [b, n] below n, each in one run -> bool [b, n].
 */
export function topOfGroups(scores: Tensor, groups: Tensor, share: number): Tensor {
  const byScore = argsort(scores, { descending: true })
  const order = takeAlong(byScore, argsort(takeAlong(groups, byScore)))
  const counts = scatterAdd(groups.shape, groups, onesLike(groups))
  const starts = cumsum(counts, 1, { exclusive: true })
  const sorted = takeAlong(groups, order)
  const ranks = sub(rangeLike(groups), takeAlong(starts, sorted))
  const wanted = maximum(cast(ceil(sub(mul(cast(counts, 'f32'), share), ROUNDING)), 'i64'), 1)
  const isTop = cast(less(ranks, takeAlong(wanted, sorted)), 'i64')
  return equal(scatterAdd(groups.shape, order, isTop), 1)
}

/** What a product in single precision may lie above the whole number that it is. */
const ROUNDING = 1e-3

/** Rows of several groups, side by side. */
export interface Windows {
  /** [b, g, w] */
  readonly indices: Tensor
  /** Which of these are rows of the group; the others fill up a shorter one. */
  readonly isReal: Tensor
  /** Rows of each group, i64 [b, g]. */
  readonly counts: Tensor
}

/**
 * The rows of each wanted group, in their order, as wide as the largest group of all; that width is the new dim `width`.
 * Keys i64 [b, n], each below n, or -1 for rows of no group; wanted i64 [b, g].
 */
export function windowsOf(keys: Tensor, wanted: Tensor, width: string): Windows {
  const [batch, count] = keys.shape
  const groups = wanted.shape[1]
  const isOfOne = greaterEqual(keys, 0)
  const places = select(isOfOne, keys, dimValue(count))
  const counts = scatterAdd([batch, addDim(count, 1)], places, cast(isOfOne, 'i64'))
  const starts = takeAlong(cumsum(counts, 1, { exclusive: true }), wanted)
  const columns = maskedIndices(less(arange(count), max(counts)), width)
  const at = add(reshape(starts, [batch, groups, 1]), columns) // [b, g, w]
  const own = takeAlong(counts, wanted)
  const isReal = less(columns, reshape(own, [batch, groups, 1]))
  const flat = reshape(minimum(at, sub(dimValue(count), 1)), [batch, mulDim(groups, width)])
  const indices = reshape(takeAlong(argsort(places), flat), [batch, groups, width])
  return { indices, isReal, counts: own }
}

const onesLike = (like: Tensor): Tensor => expand(constant([1], [1, 1], 'i64'), like.shape)

/**
 * What came to each of `groups` groups: sums of rows x [b, q, d] and how many there were, by the group of each, i64 [b, q].
 * Rows of the group behind the last count to none.
 */
export function sumsOf(x: Tensor, group: Tensor, groups: Dim): { sums: Tensor; counts: Tensor } {
  const [batch, count, width] = x.shape
  const all = addDim(groups, 1)
  const rows = expand(reshape(group, [batch, count, 1]), [batch, count, width])
  const ones = expand(constant([1], [1, 1]), [batch, count])
  return {
    sums: slice(scatterAdd([batch, all, width], rows, x, 1), 1, 0, groups),
    counts: reshape(slice(scatterAdd([batch, all], group, ones), 1, 0, groups), [batch, groups, 1]),
  }
}

/** The column of the largest value in each row of x [b, q, c], i64 [b, q]; c where there are no columns. */
export const largestColumn = (x: Tensor): Tensor => argmax(withLeast(x), 2)

/** The largest value in each row of x [b, q, c], [b, q]; next to -infinity where there are no columns. */
export const largest = (x: Tensor): Tensor => max(withLeast(x), 2)

/** ONNX Runtime takes no extremum of nothing. */
function withLeast(x: Tensor): Tensor {
  const [batch, rows] = x.shape
  return concat([x, expand(constant([-3e38], [1, 1, 1]), [batch, rows, 1])], 2)
}
