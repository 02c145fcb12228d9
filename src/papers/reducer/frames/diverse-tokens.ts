import { gatherRows, markRows } from '../../../pipeline/method/rows.ts'
import { cosines } from '../../../pipeline/method/similarity.ts'
import {
  argmax,
  concat,
  equal,
  fixedDim,
  less,
  minimum,
  mul,
  reshape,
  select,
  slice,
  sort,
  sub,
  type Tensor,
  transpose,
} from '../../../tensor/index.ts'

/** Below every distance. */
const TAKEN = -3e38

/**
 * Attention and diversity (ADTS of FlashVID): of each set of x [b, n, d] `count` tokens, first the one that is farthest from
 * the nearest other, then again and again the one farthest from what was chosen, where W_ij = (1 - cos(x_i, x_j)) w_j. None is
 * chosen twice. bool [b, n]
 * @param weights w_j [b, n]
 */
export function diverseTokens(x: Tensor, weights: Tensor, count: number): Tensor {
  const [batch, n] = [x.shape[0], fixedDim('diverse', x, 1)]
  if (count >= n) return equal(mul(weights, 0), 0)
  if (count === 0) return less(mul(weights, 0), 0)
  const W = mul(sub(1, cosines(x)), reshape(weights, [batch, 1, n])) // [b, i, j]
  let distance = reshape(slice(sort(transpose(W)), 2, 1, 2), [batch, n]) // the least is that to itself
  let picks = argmax(distance, 1, true) // [b, 1]
  for (let step = 1; step < count; step++) {
    const own = reshape(gatherRows(W, slice(picks, 1, step - 1, step)), [batch, n])
    distance = step === 1 ? own : minimum(distance, own)
    picks = concat([picks, argmax(select(markRows(n, picks), TAKEN, distance), 1, true)], 1)
  }
  return markRows(n, picks)
}
