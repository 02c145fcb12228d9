import { constant, type Tensor } from '../../tensor/index.ts'
import { resampledPositions } from '../vision/transformer.ts'
import type { Grid } from '../vision-side.ts'

/**
 * Fixed positions of a square grid, [side^2, width] in raster order: the first half of the width turns with the column,
 * the other with the row, each as sin(x w_k) and then cos(x w_k) with w_k = 10000^(-k / (width / 4)) (MAE's, after
 * arXiv 1706.03762, section 3.5). The width is a multiple of 4.
 */
export function planePositions(side: number, width: number): Float32Array {
  const quarter = width / 4
  const table = new Float32Array(side * side * width)
  for (let cell = 0; cell < side * side; cell++)
    for (const [half, place] of [cell % side, Math.floor(cell / side)].entries())
      for (let k = 0; k < quarter; k++) {
        const angle = place * 10000 ** (-k / quarter)
        const at = cell * width + half * 2 * quarter + k
        table[at] = Math.sin(angle)
        table[at + quarter] = Math.cos(angle)
      }
  return table
}

/** The same resampled bicubically to another grid, [rows columns, width]. */
export const planePositionsOf = (side: number, width: number, grid: Grid): Tensor =>
  resampledPositions(constant(planePositions(side, width), [side * side, width]), side, grid)
