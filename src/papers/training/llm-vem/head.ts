/** From states of a vision encoder to voxels. arXiv 2401.03851; the form of the head is that of arXiv 2308.02351. */
import type { Scope } from '../../../nn/index.ts'
import { normal, zeros } from '../../../nn/scope.ts'
import type { VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import {
  add,
  div,
  fixedDim,
  matmul,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../../tensor/index.ts'

/** Of the World's cortex that is encoded. */
export const [SUBJECTS, VOXELS] = [4, 100]

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

/**
 * z [b, h]: the mean over blocks of rank-one maps of their states. `drop` is a factor for each channel of each block, 0 for
 * those that training leaves out: [b, 1, blocks C].
 */
export function encoded(
  p: Scope,
  tokens: VisualTokens,
  hidden: number,
  drop?: (block: number, width: number) => Tensor,
): Tensor {
  const blocks = blocksOf(tokens)
  const maps = blocks.map((layer, block) => {
    const states = standardised(tokens.vision.layers[layer].hidden)
    const [T, C] = [fixedDim('llm-vem', states, 1), fixedDim('llm-vem', states, 2)]
    const F = drop ? mul(states, drop(block, C)) : states
    const of = p.at('blocks', layer)
    return rankOne(
      F,
      of('space', [hidden, T], normal(1 / Math.sqrt(T))),
      of('channels', [hidden, C], normal(1 / Math.sqrt(C))),
    )
  })
  return div(maps.reduce(add), blocks.length)
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
