import { constant, fixedDim, matmul, mulDim, reshape, type Tensor } from '../../tensor/index.ts'
import type { Grid } from '../vision-side.ts'

/**
 * Adaptive average pooling of `from` samples to `to` as a matrix [to, from]: sample i is the mean of those from
 * floor(i from / to) up to, and without, ceil((i + 1) from / to). They overlap where the one does not divide the other.
 */
export function adaptiveMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from)
  for (let row = 0; row < to; row++) {
    const [first, end] = [Math.floor((row * from) / to), Math.ceil(((row + 1) * from) / to)]
    matrix.fill(1 / (end - first), row * from + first, row * from + end)
  }
  return matrix
}

/** Patches of a grid [b, n, d] as a square of side x side means [b, side^2, d], both in raster order. */
export function adaptivePool(patches: Tensor, { rows, columns }: Grid, side: number): Tensor {
  const [batch] = patches.shape
  const width = fixedDim('adaptivePool', patches, 2)
  const down = constant(adaptiveMatrix(rows, side), [side, rows])
  const across = constant(adaptiveMatrix(columns, side), [side, columns])
  const low = matmul(down, reshape(patches, [batch, rows, columns * width]))
  const pooled = matmul(across, reshape(low, [mulDim(batch, side), columns, width]))
  return reshape(pooled, [batch, side * side, width])
}
