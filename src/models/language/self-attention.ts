import { attend, attentionWeights, mergeHeads, type Scoring, splitHeads } from '../../nn/index.ts'
import { cachedAttention, fixedDim, type Tensor } from '../../tensor/index.ts'
import { type DecoderLayer, type PastLayer, withPast } from './sequence.ts'

/** What new tokens ask, and what they can be found by: queries [b, s, h d], keys and values [b, s, hk d]. */
export interface Projected {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
}

export interface SelfAttentionOptions {
  readonly heads: number
  /** As many as `heads` when absent. */
  readonly keyHeads?: number
  readonly past?: PastLayer
  /** How many tokens back a token sees, itself included. */
  readonly window?: number
  readonly scoring?: Scoring
  /** The mask says no more than that a token does not look ahead, nor out of its window. */
  readonly causal: boolean
  /** Called where attention is written out. */
  readonly mask: () => Tensor | undefined
}

type Attended = Pick<DecoderLayer, 'queries' | 'keys' | 'values' | 'allKeys' | 'scoring'> & {
  /** Output of attention, [b, s, h d]. */
  readonly mixed: Tensor
}

/** Attention of new tokens over a cache and themselves: the fused op where it computes the same, written out elsewhere. */
export function selfAttention({ q, k, v }: Projected, options: SelfAttentionOptions): Attended {
  const { heads, keyHeads = heads, past, scoring, window, mask } = options
  const [queries, keys, values] = [splitHeads(q, heads), splitHeads(k, keyHeads), splitHeads(v, keyHeads)]
  const allKeys = withPast(past?.keys, keys)
  const writtenOut = () => {
    const weights = attentionWeights(queries, allKeys, mask(), scoring)
    return mergeHeads(attend(weights, withPast(past?.values, values)))
  }
  const mixed =
    past && hasKernel(keys, options)
      ? cachedAttention(q, k, v, past.keys, past.values, { heads, ...scoring, window })
      : writtenOut()
  return { queries, keys, values, allKeys, scoring, mixed }
}

const hasKernel = (keys: Tensor, { causal, scoring, window }: SelfAttentionOptions): boolean =>
  causal && scoring?.cap === undefined && fixedDim('attention', keys, -1) % 8 === 0 && window !== 1
