/** What LLM-VEM minimises. arXiv 2401.03851. */
import { unit } from '../../../pipeline/method/similarity.ts'
import { add, div, maximum, mean, mul, square, sub, sum, type Tensor } from '../../../tensor/index.ts'
import { pairContrastive } from '../../../training/objectives/contrastive.ts'

/** Mean squared error where `mask` is 1: voxels that a subject has, of the subject that saw the picture. */
export const maskedError = (said: Tensor, measured: Tensor, mask: Tensor): Tensor =>
  div(sum(mul(square(sub(said, measured)), mask)), maximum(sum(mask), 1))

export type Align = 'contrastive' | 'positive'

/**
 * L_align of v and t [N, d]: InfoNCE both ways at temperature tau, where captions of the same picture (`same` [N, N]) are no
 * negatives; or the mean of `1 - cos(v, t)`.
 */
export function alignment(v: Tensor, t: Tensor, same: Tensor, { align, tau }: { align: Align; tau: number }): Tensor {
  if (align === 'positive') return sub(1, mean(sum(mul(unit(v), unit(t)), -1)))
  const { images, texts } = pairContrastive(v, t, 1 / tau, same)
  return add(images, texts)
}
