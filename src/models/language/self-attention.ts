import { attend, attentionScores, attentionWeights, mergeHeads, type Scoring, splitHeads } from '../../nn/index.ts'
import {
  add,
  cachedAttention,
  concat,
  type Dim,
  fixedDim,
  mul,
  reshape,
  select,
  softmax,
  type Tensor,
} from '../../tensor/index.ts'
import {
  type Asked,
  type DecoderLayer,
  type DecoderStages,
  type FarRows,
  type FeedForward,
  fromRows,
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
  /** Turns every head of x [b, s, heads * d] by its position [b, s] or [b, s, axes]; nothing is turned when absent. */
  readonly rotate?: (x: Tensor, heads: number, positions: Tensor) => Tensor
  readonly past?: PastLayer
  /** How many tokens back a token sees, itself included. */
  readonly window?: number
  readonly scoring?: Scoring
  /** The mask says no more than that a token does not look ahead, nor out of its window. */
  readonly causal: boolean
  /** Over cached rows and new tokens; called where attention is written out. */
  readonly mask: (past?: PastLayer) => Tensor | undefined
  readonly stages?: DecoderStages
}

type Attended = Omit<DecoderLayer, 'input' | 'output' | 'bias'> & {
  /** Output of attention, [b, s, h d]. */
  readonly mixed: Tensor
}

/** Attention of new tokens over a cache and themselves, with what methods put around it. */
export function selfAttention(projected: Projected, input: Hidden, options: SelfAttentionOptions): Attended {
  const { index, past, stages } = options
  const asked: Asked = { ...projected, input, past, isRotary: options.rotate !== undefined }
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
  const { v, positions = asked.input.positions } = asked
  const { heads, keyHeads = heads, rotate = (x: Tensor) => x, scoring, window } = options
  const [q, k] = [rotate(asked.q, heads, positions), rotate(asked.k, keyHeads, positions)]
  const [queries, keys, values] = [splitHeads(q, heads), splitHeads(k, keyHeads), splitHeads(v, keyHeads)]
  const past = asked.past && rotatedPast(asked.past, rotate)
  const allKeys = withPast(past?.keys, keys)
  const mask = () => both(revealed(options.mask(asked.past), asked.reveal), asked.mask)
  const far = asked.past?.far && farScores(asked, asked.past.far, options)
  let weights: Tensor | undefined
  const attention = () => {
    weights ??= far
      ? softmax(concat([far.scores, masked(attentionScores(queries, allKeys, scoring), mask())], -1))
      : attentionWeights(queries, allKeys, mask(), scoring)
    return weights
  }
  const writtenOut = () => {
    const allValues = withPast(past?.values, values)
    const weighed = asked.weigh?.(attention()) ?? attention()
    return mergeHeads(attend(weighed, far ? withPast(far.values, allValues) : allValues))
  }
  const isMasked = asked.mask !== undefined || asked.reveal !== undefined
  const mixed =
    past && !isMasked && !asked.weigh && !far && hasKernel(keys, options)
      ? cachedAttention(q, k, v, past.keys, past.values, { heads, ...scoring, window })
      : writtenOut()
  const isPlain = options.causal && window === undefined && !isMasked && !far
  const unrotated = splitHeads(asked.k, keyHeads)
  const shown = { ...(!isPlain && { mask }), scoring, attention, past: asked.past, unrotated }
  return { queries, keys, values, allKeys, ...shown, mixed }
}

/** Cached rows whose keys are rotated. */
function rotatedPast(past: PastLayer, rotate: (x: Tensor, heads: number, positions: Tensor) => Tensor): PastLayer {
  const { keys, positions } = past
  if (!positions) return past
  const [rows, heads, width] = keys.shape as [Dim, number, number]
  const turned = rotate(reshape(keys, [1, rows, heads * width]), heads, positions)
  return { ...past, keys: reshape(turned, keys.shape) }
}

/** Scores of all queries against rows that they see from one distance: [b, h, s, n]. */
function farScores({ q, input, positions = input.positions }: Asked, far: FarRows, options: SelfAttentionOptions) {
  const { heads, rotate = (x: Tensor) => x, scoring } = options
  // The keys stand at 0, which turns nothing.
  const everywhere = add(mul(positions, 0), far.distance)
  const queries = splitHeads(rotate(q, heads, everywhere), heads)
  return { scores: attentionScores(queries, fromRows(far.keys), scoring), values: far.values }
}

const masked = (scores: Tensor, mask: Tensor | undefined): Tensor => (mask ? add(scores, mask) : scores)

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
