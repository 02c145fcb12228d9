import { fixedDim, type Tensor } from '../tensor/index.ts'
import { attend, attentionWeights, mergeHeads, splitHeads } from './attention.ts'
import { linear } from './layers.ts'
import type { Scope } from './scope.ts'

export interface CrossAttentionOptions {
  readonly heads: number
  /** Of queries, keys and values, all heads together; that of x when absent. */
  readonly width?: number
  /** Of what comes out; that of x when absent. */
  readonly out?: number
  readonly bias?: boolean
  /** Added to the scores, [b, 1, s, t]. */
  readonly mask?: Tensor
}

/** Queries of x [b, s, d] look at keys and values [b, t, ...], each through a matrix of its own: [b, s, out]. */
export function crossAttention(
  p: Scope,
  x: Tensor,
  keys: Tensor,
  values: Tensor,
  options: CrossAttentionOptions,
): Tensor {
  const own = fixedDim('crossAttention', x, -1)
  const { heads, width = own, out = own, bias = false, mask } = options
  const project = (name: string, from: Tensor) => splitHeads(linear(p.at(name), from, width, bias), heads)
  const weights = attentionWeights(project('q_proj', x), project('k_proj', keys), mask)
  return linear(p.at('out_proj'), mergeHeads(attend(weights, project('v_proj', values))), out, bias)
}

const MOST_HEADS = 16
const LEAST_WIDTH = 8

/** 16 heads for a width; on narrower models as many as leave each 8 numbers. */
export function headsFor(width: number): number {
  let heads = MOST_HEADS
  while (heads > 1 && width % (heads * LEAST_WIDTH) !== 0) heads /= 2
  return heads
}
