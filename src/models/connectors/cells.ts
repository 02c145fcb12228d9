import { constant, type Dim, expand, type Tensor } from '../../tensor/index.ts'
import type { Grid } from '../vision-side.ts'

/** For each patch of a grid the one of side x side cells that it begins in, for so many batch entries: i64 [b, n]. */
export function cellOfPatches(batch: Dim, { rows, columns }: Grid, side: number): Tensor {
  const cells = Array.from({ length: rows * columns }, (_, patch) => {
    const [row, column] = [Math.floor(patch / columns), patch % columns]
    return Math.floor((row * side) / rows) * side + Math.floor((column * side) / columns)
  })
  return expand(constant(cells, [1, cells.length], 'i64'), [batch, cells.length])
}
