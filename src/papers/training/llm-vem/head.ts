/** From states of a vision encoder to voxels. arXiv 2401.03851; the form of the head is that of arXiv 2308.02351. */
import { adaptivePool } from '../../../models/connectors/adaptive-pool.ts'
import type { Scope } from '../../../nn/index.ts'
import { normal, zeros } from '../../../nn/scope.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { assertPatches, type VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import {
  add,
  div,
  fixedDim,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../../tensor/index.ts'

/** Of the World's cortex that is encoded. */
export const [SUBJECTS, VOXELS] = [4, 100]

/** Patches become the means of so many cells along a side, so that views of every size and shape have as many. */
export const CELLS = 6

/** Every other layer of the encoder, from the first on. */
export const blocksOf = ({ vision: { layers } }: Pick<VisualTokens, 'vision'>): readonly number[] =>
  [...layers.keys()].filter((layer) => layer % 2 === 0)

/** `z_k = sum_t A[k, t] (F W^T)[t, k]`: F [b, T, C], A [h, T], W [h, C] -> [b, h]. */
export const rankOne = (F: Tensor, A: Tensor, W: Tensor): Tensor => sum(mul(transpose(A), matmul(F, transpose(W))), 1)

/** Rows [..., C] with mean 0 and variance 1. */
function standardised(x: Tensor): Tensor {
  const centred = sub(x, mean(x, -1, true))
  return div(centred, sqrt(add(mean(square(centred), -1, true), 1e-5)))
}

/** F of a block, [b, cells, C]; where an encoder merges squares of patches behind it, their rows lie side by side. */
function cellsOf(tokens: VisualTokens, layer: number): Tensor {
  const { special, grid, layers } = tokens.vision
  const rows = slice(layers[layer].hidden, 1, special)
  const [n, C] = [fixedDim('llm-vem', rows, 1), fixedDim('llm-vem', rows, 2)]
  const places = grid.rows * grid.columns
  if (n % places !== 0)
    throw methodError(
      `llm-vem reads a grid of ${grid.rows} x ${grid.columns} patches, but layer ${layer} has ${n} rows`,
    )
  const patches = n === places ? rows : mean(reshape(rows, [rows.shape[0], places, n / places, C]), 2)
  return adaptivePool(standardised(patches), grid, CELLS)
}

/** A factor for each channel of a block, [b, 1, C]: 0 for those that training leaves out. */
export type Drop = (block: number, width: number) => Tensor

/** z [b, h]: the mean over blocks of rank-one maps of their states. Throws FoveaError `method_unfit` for other tokens. */
export function encoded(p: Scope, tokens: VisualTokens, hidden: number, drop?: Drop): Tensor {
  assertPatches(tokens, 'llm-vem')
  const maps = blocksOf(tokens).map((layer, block) => {
    const states = cellsOf(tokens, layer)
    const C = fixedDim('llm-vem', states, 2)
    const of = p.at('blocks', layer)
    const A = of('space', [hidden, CELLS ** 2], normal(1 / CELLS))
    const W = of('channels', [hidden, C], normal(1 / Math.sqrt(C)))
    return rankOne(drop ? mul(states, drop(block, C)) : states, A, W)
  })
  return div(maps.reduce(add), maps.length)
}

/** `y_s = E (S z + U_s z + b_s) + mu`: z [b, h] -> voxels of all subjects [b, subjects, V]. */
export function voxelsOf(p: Scope, z: Tensor, components: number): Tensor {
  const [batch, h] = z.shape
  const shared = matmul(z, transpose(p('shared', [components, h])))
  const own = matmul(z, transpose(reshape(p('subjects', [SUBJECTS, components, h], zeros), [SUBJECTS * components, h])))
  const shift = p('shift', [SUBJECTS, components], zeros)
  const codes = add(add(reshape(own, [batch, SUBJECTS, components]), reshape(shared, [batch, 1, components])), shift)
  const loadings = p('loadings', [VOXELS, components])
  return add(matmul(codes, transpose(loadings)), p('mean', [VOXELS], zeros))
}

/** `P z`, what is held to captions: z [b, h] -> [b, d]. */
export const semantic = (p: Scope, z: Tensor, width: number): Tensor =>
  matmul(z, transpose(p('align', [width, z.shape[1]])))
