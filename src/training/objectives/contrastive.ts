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
