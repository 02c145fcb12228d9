import type { Scope } from '../../../nn/index.ts'
import { add, div, mul, reshape, type Tensor } from '../../../tensor/index.ts'
import { contrastive } from '../../../training/objectives/contrastive.ts'

/** (w_m L(e_m) + w_v L(e_v)) / (w_m + w_v); the paper's 9 : 1. */
export const noteLoss = (multimodal: Tensor, visual: Tensor, tau: Tensor, weights = { multimodal: 9, visual: 1 }) =>
  div(
    add(mul(contrastive(multimodal, tau), weights.multimodal), mul(contrastive(visual, tau), weights.visual)),
    weights.multimodal + weights.visual,
  )

/** Where the logarithm of the temperature begins. */
const TAU = 3

/** tau [], what cosines are scaled by is its exponential. */
export const tauOf = (p: Scope): Tensor =>
  reshape(
    p('tau', [1], () => Float32Array.of(TAU)),
    [],
  )
