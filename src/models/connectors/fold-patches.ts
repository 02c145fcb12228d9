import { reshape, type Tensor, transpose } from '../../tensor/index.ts'
import type { Grid } from '../vision-side.ts'

/** Pixel shuffle: each square of scale x scale patches [b, n, d] becomes one wide token [b, n / scale^2, scale^2 d]. */
export function foldPatches(patches: Tensor, grid: Grid, scale: number): Tensor {
  const [batch, , width] = patches.shape as [number, number, number]
  const { rows, columns } = foldGrid(grid, scale)
  const cells = reshape(patches, [batch, rows, scale, columns, scale, width])
  return reshape(transpose(cells, [0, 1, 3, 2, 4, 5]), [batch, rows * columns, scale * scale * width])
}

/** The grid of the tokens that `foldPatches` makes. */
export const foldGrid = ({ rows, columns }: Grid, scale: number): Grid => ({
  rows: rows / scale,
  columns: columns / scale,
})
