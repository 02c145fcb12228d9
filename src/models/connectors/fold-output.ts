import { FoveaError } from '../../errors.ts'
import {
  cast,
  constant,
  type Dim,
  div,
  divideDim,
  fixedDim,
  gather,
  less,
  mean,
  reshape,
  select,
  type Tensor,
} from '../../tensor/index.ts'
import type { Grid, Patches, VisionFeatures } from '../vision-side.ts'
import { averagePatches } from './fold-layers.ts'
import { foldGrid, foldPatches } from './fold-patches.ts'

/**
 * The output of an encoder [b, n, d] with squares of scale x scale patches as one wide token each, where all patches are left or
 * whole squares of them.
 * @throws FoveaError `method_unfit` where a method merged patches, or dropped some of a square
 */
export function foldOutput(
  output: Tensor,
  { owner, kept, changedBy }: Patches,
  grid: Grid,
  scale: number,
): Pick<VisionFeatures, 'patches' | 'owner' | 'changedBy'> {
  if (!owner) return { patches: foldPatches(output, grid, scale) }
  const squares = kept?.side === scale ? divideDim(output.shape[1], scale * scale) : undefined
  if (squares === undefined)
    throw new FoveaError(
      'method_unfit',
      'usage',
      `${changedBy?.at(-1)} changes patches within the encoder, of which ${scale} x ${scale} become one token here; use a model that makes one of each`,
    )
  const [batch, , width] = output.shape as [Dim, Dim, number]
  const patches = reshape(output, [batch, squares, scale * scale * width])
  return { patches, owner: ownerOfSquares(owner, grid, scale), changedBy }
}

/** The same with the mean of each square: [b, squares, d]. Throws FoveaError `method_unfit` as `foldOutput` does. */
export function averageOutput(
  output: Tensor,
  last: Patches,
  grid: Grid,
  scale: number,
): Pick<VisionFeatures, 'patches' | 'owner' | 'changedBy'> {
  if (!last.owner) return { patches: averagePatches(output, grid, scale) }
  const { patches, ...rest } = foldOutput(output, last, grid, scale)
  const [batch, squares] = patches.shape
  const width = fixedDim('averageOutput', output, 2)
  return { ...rest, patches: mean(reshape(patches, [batch, squares, scale * scale, width]), 2) }
}

/** For each square the token that it became, from the rows of its first patch. */
function ownerOfSquares(owner: Tensor, grid: Grid, scale: number): Tensor {
  const { rows, columns } = foldGrid(grid, scale)
  const first = Array.from({ length: rows * columns }, (_, square) => {
    return scale * (Math.floor(square / columns) * grid.columns + (square % columns))
  })
  const row = gather(owner, constant(first, [first.length], 'i64'), 1)
  return select(less(row, 0), -1, cast(div(cast(row, 'f32'), scale * scale), 'i64'))
}
