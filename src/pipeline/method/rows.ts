/** Rows of batched tensors by index, each batch entry by its own. */
import {
  add,
  arange,
  constant,
  dimValue,
  expand,
  gather,
  mul,
  mulDim,
  reshape,
  scatterAdd,
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

/** Rows of x [b, n, ...] by indices i64 [b, k], per batch entry: [b, k, ...]. */
export function gatherRows(x: Tensor, indices: Tensor): Tensor {
  const [batch, count, ...rest] = x.shape
  const k = indices.shape[1]
  if (batch === 1) return gather(x, reshape(indices, [k]), 1)
  const starts = mul(arange(batch), dimValue(count))
  const flat = reshape(add(indices, reshape(starts, [batch, 1])), [mulDim(batch, k)])
  return reshape(gather(reshape(x, [mulDim(batch, count), ...rest]), flat), [batch, k, ...rest])
}

/** x [b, n, d] with other rows [b, k, d] at `indices` i64 [b, k], each named once at most. */
export function putRows(x: Tensor, indices: Tensor, rows: Tensor): Tensor {
  const index = expand(reshape(indices, [...indices.shape, 1]), rows.shape)
  const ones = expand(constant([1], [1, 1, 1]), rows.shape)
  const kept = sub(1, scatterAdd(x.shape, index, ones, 1))
  return add(mul(x, kept), scatterAdd(x.shape, index, rows, 1))
}
