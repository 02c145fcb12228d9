import { constant, expand, fixedDim, matmul, type Tensor } from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { regroup, type VisualTokens } from './visual-tokens.ts'

/** Rows and columns that patches are brought together in. */
export interface PooledGrid {
  readonly rows: number
  readonly columns: number
}

/**
 * Means over the regions of a coarser grid, which part the patches of a view without overlap and as evenly as whole patches
 * can: [b, rows * columns, d].
 * @throws FoveaError `method_unfit` where tokens are no patches in a grid any more, or the grid would be finer than theirs
 */
export function poolTokens(tokens: VisualTokens, { rows, columns }: PooledGrid, by: string): VisualTokens {
  const { grid } = tokens.vision
  const count = fixedDim(by, tokens.states, 1)
  if (count !== grid.rows * grid.columns || tokens.changedBy.length > 0) {
    const who = tokens.changedBy.at(-1) ?? 'something'
    throw methodError(`${by} pools patches that lie in a grid, but ${who} before it has changed them; put ${by} first`)
  }
  if (rows > grid.rows || columns > grid.columns) {
    const sizes = `${rows} x ${columns} regions of ${grid.rows} x ${grid.columns} patches`
    throw methodError(`${by} cannot make ${sizes}; ask for fewer`)
  }
  const regions = Array.from({ length: count }, (_, patch) => {
    const [row, column] = [Math.floor(patch / grid.columns), patch % grid.columns]
    return Math.floor((row * rows) / grid.rows) * columns + Math.floor((column * columns) / grid.columns)
  })
  const means = matmul(meansOf(regions, rows * columns), tokens.states)
  const assignment = expand(constant(regions, [1, count], 'i64'), [tokens.states.shape[0], count])
  return regroup(tokens, means, assignment, by)
}

/** [regions, n]: one over how many patches a region has, at each of them. */
function meansOf(regions: readonly number[], count: number): Tensor {
  const sizes = new Array<number>(count).fill(0)
  for (const region of regions) sizes[region]++
  const data = new Float32Array(count * regions.length)
  for (const [patch, region] of regions.entries()) data[region * regions.length + patch] = 1 / sizes[region]
  return constant(data, [count, regions.length])
}
