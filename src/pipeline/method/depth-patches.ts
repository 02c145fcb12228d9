import { foldPatches } from '../../models/connectors/fold-patches.ts'
import { slice, type Tensor } from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { type VisualTokens, visionLayer } from './visual-tokens.ts'

/**
 * Patches that layers of the vision encoder put out (counted from 0), without what stands before them, as many as the
 * connector takes: where it takes several side by side, these are folded as it does. [b, n, d] each.
 * @throws FoveaError `method_unfit` where not all patches are left, or the encoder has no such layer
 */
export function patchesAt(tokens: VisualTokens, depths: readonly number[], by: string): Tensor[] {
  const { vision } = tokens
  const { layers, grid, special } = vision
  const perSide = Math.sqrt(Number(layers[0].hidden.shape[1]) - special) / Math.sqrt(grid.rows * grid.columns)
  if (vision.owner || !Number.isInteger(perSide))
    throw methodError(`${by} reads all patches of the encoder, but ${vision.changedBy?.at(-1) ?? 'it'} changes them`)
  const finer = { rows: grid.rows * perSide, columns: grid.columns * perSide }
  return depths.map((depth) => {
    const patches = slice(visionLayer(tokens, depth).hidden, 1, special)
    return perSide === 1 ? patches : foldPatches(patches, finer, perSide)
  })
}
