import {
  arange,
  div,
  equal,
  matmul,
  maximum,
  mul,
  reshape,
  select,
  sqrt,
  square,
  sum,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'

/** Rows of length 1, [..., d]; rows of zeros stay zeros. */
export const unit = (x: Tensor): Tensor => div(x, maximum(sqrt(sum(square(x), -1, true)), 1e-6))

/** Cosines between all rows of a [b, n, d] and b [b, m, d]: [b, n, m]; of rows with themselves exactly 1, without b. */
export function cosines(a: Tensor, b?: Tensor): Tensor {
  const rows = unit(a)
  if (b) return matmul(rows, transpose(unit(b)))
  const places = arange(a.shape[1])
  return select(equal(reshape(places, [a.shape[1], 1]), places), 1, matmul(rows, transpose(rows)))
}

/** The cosine of rows in the same place, [..., n, d] -> [..., n]; 0 where one of them is zero. */
export const cosine = (a: Tensor, b: Tensor): Tensor => sum(mul(unit(a), unit(b)), -1)
