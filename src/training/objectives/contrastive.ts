import { unit } from '../../pipeline/method/similarity.ts'
import {
  arange,
  constant,
  crossEntropy,
  equal,
  exp,
  fixedDim,
  matmul,
  mul,
  reshape,
  select,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'

/**
 * InfoNCE among all of a batch (van den Oord et al., arXiv 1807.03748, eq. 4): of `embeddings` [2 B, d], which are B
 * queries and then their targets, each is to find its partner among all others, by cosine times exp(tau). `tau` is [].
 */
export function contrastive(embeddings: Tensor, tau: Tensor): Tensor {
  const n = fixedDim('contrastive', embeddings, 0)
  const rows = unit(embeddings)
  const isItself = equal(reshape(arange(n), [n, 1]), reshape(arange(n), [1, n]))
  const scores = mul(sub(matmul(rows, transpose(rows)), select(isItself, 1e12, 0)), exp(tau))
  const partners = Array.from({ length: n }, (_, at) => (at + n / 2) % n)
  return crossEntropy(scores, constant(partners, [n], 'i64'))
}

/** Taken off the score of a partner that fits just as well as the own one. */
const FAR = 1e9

/**
 * Each image is to find its text among those of the batch, and each text its image (Radford et al., arXiv 2103.00020, figure
 * 3), by cosine times `scale` []. Rows [b, d] each; `same` [b, b] is 1 where the partner of another counts for none of them.
 * Half of both losses, which is one of their mean.
 */
export function pairContrastive(
  images: Tensor,
  texts: Tensor,
  scale: Tensor | number,
  same: Tensor,
): Record<'images' | 'texts', Tensor> {
  const batch = fixedDim('pairContrastive', images, 0)
  const fit = matmul(unit(images), transpose(unit(texts)))
  const scores = sub(mul(fit, scale), mul(same, FAR))
  const own = constant([...Array(batch).keys()], [batch], 'i64')
  return {
    images: mul(crossEntropy(scores, own), 0.5),
    texts: mul(crossEntropy(transpose(scores), own), 0.5),
  }
}
