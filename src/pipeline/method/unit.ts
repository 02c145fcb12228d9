import { div, maximum, mul, sqrt, square, sum, type Tensor } from '../../tensor/index.ts'

/** x / |x| along the last axis; zeros stay zeros. */
export const unit = (x: Tensor): Tensor => div(x, maximum(sqrt(sum(square(x), -1, true)), 1e-12))

/** The cosine of rows in the same place, [..., n, d] -> [..., n]; 0 where one of them is zero. */
export const cosine = (a: Tensor, b: Tensor): Tensor => sum(mul(unit(a), unit(b)), -1)
