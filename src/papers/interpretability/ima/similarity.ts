/** Where the modalities live: cosines between sets of states, and what is made of them. */
import { cosine, dot, mean, norm, times, type Vector } from '../xl-vlms/vectors.ts'

const unit = (x: Vector): Vector => times(x, 1 / (norm(x) || 1))

/**
 * `mean_ij cos(p_i, t_j)` over all pairs of two sets, S x S of them. The mean of the dot products of unit vectors is the dot
 * product of their means, so it costs S + S.
 */
export const setSimilarity = (p: readonly Vector[], t: readonly Vector[]): number =>
  dot(mean(p.map(unit)), mean(t.map(unit)))

/** The cosine of the two grand means. */
export const globalSimilarity = (p: readonly Vector[], t: readonly Vector[]): number => cosine(mean(p), mean(t))

/** Of one set: its first half against its second. */
export function innerSimilarity(x: readonly Vector[]): number {
  const half = x.length >> 1
  return setSimilarity(x.slice(0, half), x.slice(half))
}

/** How the token-by-token cosines of a pair become one number. */
export const REDUCTIONS = ['mean', 'median', 'max', 'min', 'row-max'] as const
export type Reduction = (typeof REDUCTIONS)[number]

/** Cosines of all tokens of one with all of the other, reduced; `row-max` is the mean of each row's largest. */
export function tokenSimilarity(p: readonly Vector[], t: readonly Vector[], by: Reduction): number {
  const rows = p.map((a) => t.map((b) => cosine(a, b)))
  const all = rows.flat()
  if (by === 'median') return median(all)
  if (by === 'max') return Math.max(...all)
  if (by === 'min') return Math.min(...all)
  return average(by === 'row-max' ? rows.map((row) => Math.max(...row)) : all)
}

/** States of both sides after the embedding and after each layer, one of each sample. */
export interface Sides {
  readonly visual: readonly (readonly Vector[])[]
  readonly text: readonly (readonly Vector[])[]
}

/** IMA score: the mean over layers of `sim(P^l, T^l)`, or of `sim(P^0, T^l)` with the image as it came in. */
export function imaScore({ visual, text }: Sides, image: 'same-layer' | 'input' = 'same-layer'): number {
  return average(text.map((t, layer) => setSimilarity(visual[image === 'input' ? 0 : layer], t)))
}

/** `softmax(logits)`. */
export function distribution(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits)
  const most = Math.max(...values)
  const weights = values.map((value) => Math.exp(value - most))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** `-sum q log q` in nats. */
export const entropy = (q: readonly number[]): number => -q.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0)

/** `KL(p || q)` in nats; terms with a probability of zero are dropped. */
export const divergence = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, i) => sum + (x > 0 && q[i] > 0 ? x * Math.log(x / q[i]) : 0), 0)

/** The mean of numbers; 0 of none. */
export const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1)

/** The middle of numbers, of an even count the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
