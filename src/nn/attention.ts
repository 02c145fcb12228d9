import {
  add,
  type Dim,
  fixedDim,
  matmul,
  mul,
  mulDim,
  reshape,
  softmax,
  type Tensor,
  tanh,
  transpose,
} from '../tensor/index.ts'

/** [b, s, heads * d] -> [b, heads, s, d]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, length] = x.shape as [Dim, Dim]
  return transpose(reshape(x, [batch, length, heads, fixedDim('splitHeads', x, -1) / heads]), [0, 2, 1, 3])
}

/** [b, heads, s, d] -> [b, s, heads * d]. */
export function mergeHeads(x: Tensor): Tensor {
  const [batch, heads, length, width] = x.shape as [Dim, number, Dim, number]
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, length, heads * width])
}

/** How products of queries and keys become scores. */
export interface Scoring {
  /** Factor; 1 / sqrt(d) when absent. */
  readonly scale?: number
  /** Scores are bent to stay within this: cap tanh(score / cap) (Gemma 2, arXiv 2408.00118, section 2). */
  readonly cap?: number
}

/**
 * q k^T / sqrt(d), [b, h, s, t], from q [b, h, s, d] and k [b, hk, t, d]. When there are fewer key heads than query heads
 * (GQA), the queries of a group are stacked on the sequence axis, so that keys are not copied.
 */
export function attentionScores(q: Tensor, k: Tensor, { scale, cap }: Scoring = {}): Tensor {
  const [batch, heads, length, width] = q.shape as [Dim, number, Dim, number]
  const factor = scale ?? 1 / Math.sqrt(width)
  const scaled = mul(grouped(q, k), cap ? factor / cap : factor) // smaller than the scores
  const products = reshape(matmul(scaled, transpose(k)), [batch, heads, length, k.shape[2]])
  return cap ? mul(tanh(products), cap) : products
}

/** softmax(q k^T / sqrt(d) + mask), [b, h, s, t]. */
export function attentionWeights(q: Tensor, k: Tensor, mask?: Tensor, scoring: Scoring = {}): Tensor {
  const scores = attentionScores(q, k, scoring)
  return softmax(mask ? add(scores, mask) : scores)
}

/** Attention output [b, h, s, d] for values v [b, hk, t, d]. */
export function attend(weights: Tensor, v: Tensor): Tensor {
  const [batch, heads, length] = weights.shape as [Dim, number, Dim]
  return reshape(matmul(grouped(weights, v), v), [batch, heads, length, v.shape[3]])
}

/** [b, h, s, x] -> [b, hk, (h / hk) s, x]. */
function grouped(x: Tensor, k: Tensor): Tensor {
  const [batch, heads, length, last] = x.shape as [Dim, number, Dim, Dim]
  const groups = fixedDim('attention', k, 1)
  if (groups === heads) return x
  return reshape(x, [batch, groups, mulDim(heads / groups, length), last])
}
