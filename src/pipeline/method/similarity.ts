import { div, matmul, maximum, mul, sqrt, square, sum, type Tensor, transpose } from '../../tensor/index.ts'

/** Rows of length 1, [..., d]; rows of zeros stay zeros. */
export const unit = (x: Tensor): Tensor => div(x, maximum(sqrt(sum(square(x), -1, true)), 1e-6))

/** Cosines between all rows of a [b, n, d] and b [b, m, d]: [b, n, m]. */
export function cosines(a: Tensor, b = a): Tensor {
  const rows = unit(a)
  return matmul(rows, transpose(a === b ? rows : unit(b)))
}

/** The cosine of rows in the same place, [..., n, d] -> [..., n]; 0 where one of them is zero. */
export const cosine = (a: Tensor, b: Tensor): Tensor => sum(mul(unit(a), unit(b)), -1)
