/** Rows of batched tensors by index, each batch entry by its own. */
import { assertArgument } from '../../errors.ts'
import {
  add,
  arange,
  cast,
  concat,
  constant,
  type Dim,
  dimValue,
  div,
  equal,
  expand,
  floor,
  gather,
  mul,
  mulDim,
  reshape,
  scatterAdd,
  select,
  sub,
  type Tensor,
} from '../../tensor/index.ts'

/** 0, 1, ..., k - 1 in every row, in the shape of `like` [b, k]; i64. */
export const rangeLike = (like: Tensor): Tensor => {
  const [, count] = like.shape
  return expand(reshape(arange(count), [1, count]), like.shape)
}

/** 0, 1, ..., n - 1 for every entry of a batch of states [b, n, d]: i64 [b, n]. */
export const rowNumbers = ({ shape: [batch, count] }: Tensor): Tensor =>
  expand(reshape(arange(count), [1, count]), [batch, count])

/** 0, 1, ..., n - 1 modulo a number, i64 [n]. */
export const remainders = (n: Dim, of: number): Tensor => modulo(arange(n), of)

/** What is left of whole numbers, i64, from 0 to 2^24. */
export function modulo(x: Tensor, of: number): Tensor {
  const wholes = cast(floor(div(add(cast(x, 'f32'), 0.5), of)), 'i64')
  return sub(x, mul(wholes, of))
}

/** Rows of x [b, n, ...] by indices i64 [b, k], per batch entry: [b, k, ...]. */
export function gatherRows(x: Tensor, indices: Tensor): Tensor {
  assertArgument('gatherRows', 'x', x, 'tensor')
  assertArgument('gatherRows', 'indices', indices, 'tensor')
  const [batch, count, ...rest] = x.shape
  const k = indices.shape[1]
  if (batch === 1) return gather(x, reshape(indices, [k]), 1)
  const starts = mul(arange(batch), dimValue(count))
  const flat = reshape(add(indices, reshape(starts, [batch, 1])), [mulDim(batch, k)])
  return reshape(gather(reshape(x, [mulDim(batch, count), ...rest]), flat), [batch, k, ...rest])
}

/** Whether a row of n is among those that `indices` (i64 [b, k], no two alike) name: bool [b, n]. */
export const markRows = (n: Dim, indices: Tensor): Tensor => {
  const ones = expand(constant([1], [1, 1], 'i64'), indices.shape)
  return equal(scatterAdd([indices.shape[0], n], indices, ones), 1)
}

/** x [b, n, d] with `rows` [b, k, d] in the places that `indices` (i64 [b, k], no two alike) name; all others bit by bit. */
export function writeRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  const count = dimValue(x.shape[1])
  const places = scatterAdd([x.shape[0], x.shape[1]], indices, add(rangeLike(indices), 1)) // 0 where x stays
  const from = select(equal(places, 0), rowNumbers(x), add(places, sub(count, 1)))
  return gatherRows(concat([x, rows], 1), from)
}
