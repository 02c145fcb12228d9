import {
  add,
  and,
  arange,
  argsort,
  cast,
  ceil,
  div,
  equal,
  fixedDim,
  floor,
  greater,
  less,
  maximum,
  mul,
  not,
  or,
  reshape,
  round,
  select,
  sub,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'

/** What a product in single precision may lie above the whole number that it is. */
const ROUNDING = 1e-4

/** The ceil(n r) largest of each row: bool [f, n]. `share` is r, []. */
export function largestShare(scores: Tensor, share: Tensor): Tensor {
  const n = fixedDim('windows', scores, 1)
  const rank = argsort(argsort(scores, { descending: true }))
  return less(cast(rank, 'f32'), ceil(sub(mul(share, n), ROUNDING)))
}

/**
 * The largest of each of k = max(1, round(n r)) windows of a row, the first of equal ones: bool [f, n]. The first n mod k
 * windows have one place more than the others.
 */
export function windowWinners(scores: Tensor, share: Tensor): Tensor {
  const [f, n] = [fixedDim('windows', scores, 0), fixedDim('windows', scores, 1)]
  const window = windowOf(n, maximum(round(mul(share, n)), 1))
  const [own, other] = [reshape(scores, [f, n, 1]), reshape(scores, [f, 1, n])]
  const isEarlier = less(reshape(arange(n), [1, n]), reshape(arange(n), [n, 1]))
  const isBetter = or(greater(other, own), and(equal(other, own), isEarlier))
  const isRival = and(isBetter, equal(reshape(window, [n, 1]), reshape(window, [1, n])))
  return not(greater(sum(cast(isRival, 'f32'), 2), 0))
}

/** The window of each of n places, f32 [n]; `k` f32 []. */
function windowOf(n: number, k: Tensor): Tensor {
  const place = cast(arange(n), 'f32')
  const whole = (x: Tensor) => floor(add(x, 1e-4 / n))
  const size = whole(div(n, k))
  const larger = sub(n, mul(size, k)) // windows with one more
  const end = mul(larger, add(size, 1))
  return select(less(place, end), whole(div(place, add(size, 1))), add(larger, whole(div(sub(place, end), size))))
}
