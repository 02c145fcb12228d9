import { attend, attentionWeights, mergeHeads, type Scoring, splitHeads } from '../../nn/index.ts'
import { add, cachedAttention, fixedDim, select, type Tensor } from '../../tensor/index.ts'
import {
  type Asked,
  type DecoderLayer,
  type DecoderStages,
  type FeedForward,
  type Hidden,
  type PastLayer,
  type Projected,
  withPast,
} from './sequence.ts'

export interface SelfAttentionOptions {
  /** Of the layer in its decoder. */
  readonly index: number
  readonly heads: number
  /** As many as `heads` when absent. */
  readonly keyHeads?: number
  /** Turns every head of x [b, s, heads * d] by its position; nothing is turned when absent. */
  readonly rotate?: (x: Tensor, heads: number) => Tensor
  readonly past?: PastLayer
  /** How many tokens back a token sees, itself included. */
  readonly window?: number
  readonly scoring?: Scoring
  /** The mask says no more than that a token does not look ahead, nor out of its window. */
  readonly causal: boolean
  /** Called where attention is written out. */
  readonly mask: () => Tensor | undefined
  readonly stages?: DecoderStages
}

type Attended = Omit<DecoderLayer, 'input' | 'output' | 'bias'> & {
  /** Output of attention, [b, s, h d]. */
  readonly mixed: Tensor
}

/** Attention of new tokens over a cache and themselves, with what methods put around it. */
export function selfAttention(projected: Projected, input: Hidden, options: SelfAttentionOptions): Attended {
  const { index, past, stages } = options
  const asked: Asked = { ...projected, input, past }
  let last: Attended | undefined
  const next = (asked: Asked) => {
    last = attendTo(asked, options)
    return last.mixed
  }
  const mixed = stages?.attention ? stages.attention(index, asked, next) : next(asked)
  // Where a method did without the layer's own attention, its keys are kept all the same.
  return { ...(last ?? attendTo(asked, options)), mixed }
}

/** The fused op where it computes the same, attention written out elsewhere. */
function attendTo(asked: Asked, options: SelfAttentionOptions): Attended {
  const { v, past } = asked
  const { heads, keyHeads = heads, rotate = (x) => x, scoring, window } = options
  const [q, k] = [rotate(asked.q, heads), rotate(asked.k, keyHeads)]
  const [queries, keys, values] = [splitHeads(q, heads), splitHeads(k, keyHeads), splitHeads(v, keyHeads)]
  const allKeys = withPast(past?.keys, keys)
  const mask = () => both(revealed(options.mask(), asked.reveal), asked.mask)
  const writtenOut = () => {
    const weights = attentionWeights(queries, allKeys, mask(), scoring)
    return mergeHeads(attend(asked.weigh?.(weights) ?? weights, withPast(past?.values, values)))
  }
  const isMasked = asked.mask !== undefined || asked.reveal !== undefined
  const mixed =
    past && !isMasked && !asked.weigh && hasKernel(keys, options)
      ? cachedAttention(q, k, v, past.keys, past.values, { heads, ...scoring, window })
      : writtenOut()
  const isPlain = options.causal && window === undefined && !isMasked
  return { queries, keys, values, allKeys, ...(!isPlain && { mask }), scoring, mixed }
}

const both = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined => (a && b ? add(a, b) : (a ?? b))

const revealed = (hidden: Tensor | undefined, reveal: Tensor | undefined): Tensor | undefined =>
  hidden && reveal ? select(reveal, 0, hidden) : hidden

const hasKernel = (keys: Tensor, { causal, scoring, window }: SelfAttentionOptions): boolean =>
  causal && scoring?.cap === undefined && fixedDim('attention', keys, -1) % 8 === 0 && window !== 1

/** What a feed-forward layer adds to the states of `input`, with what methods put around it; x is normalised. */
export const fedForward = (
  { index, stages }: Pick<SelfAttentionOptions, 'index' | 'stages'>,
  x: Tensor,
  plain: FeedForward,
  input: Hidden,
): Tensor => (stages?.feedForward ? stages.feedForward(index, x, plain, input) : plain(x))
