import { z } from 'zod'
import { densities, distances, peaks } from '../../pipeline/method/clusters.ts'
import { receivedAttention } from '../../pipeline/method/encoder-signals.ts'
import {
  type Frames,
  framesOf,
  type LeftOfFrames,
  leaveOfFrames,
  signalOfFrames,
} from '../../pipeline/method/frames.ts'
import { gatherRows, markRows } from '../../pipeline/method/rows.ts'
import { type Segments, segmentsOf } from '../../pipeline/method/segments.ts'
import { unit } from '../../pipeline/method/similarity.ts'
import { assertPatches, noteSignal, signalOf } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  and,
  arange,
  argmax,
  argsort,
  cast,
  concat,
  constant,
  cumsum,
  div,
  equal,
  expand,
  floor,
  gather,
  less,
  maskedIndices,
  matmul,
  maximum,
  minimum,
  mul,
  mulDim,
  not,
  or,
  reshape,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
  topK,
  transpose,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { cutLeast, transitions } from './frames/scenes.ts'

/**
 * FastVID: Dynamic Density Pruning for Fast Video Large Language Models
 * Shen et al. 2025, NeurIPS 2025. https://arxiv.org/abs/2503.11187
 *
 * Of the n tokens of a frame R = floor(n r) stay, S = R - floor(R d) salient ones and C = R - S of context. Cuts are the c - 1
 * least alike transitions and all below tau. Salient: the S that the encoder attends to most, as they are. In a scene of L
 * frames every p-th, counted back from the last, has m = floor(C L / ceil(L / p)) anchors, the other tokens of highest density
 * times distance to a denser one (k = 4). Every token of the scene that is not salient goes, in each of these frames, to the
 * anchor it is most like; an anchor becomes w itself + (1 - w) the mean of what came to it, itself among them, w = max(1 /
 * (count + 1), alpha). The paper takes attention and frame features from a pooling head of SigLIP that checkpoints of language
 * models lack: here from the attention of the last layer, and from the means of frames. A token that came to several anchors
 * is said to be part of the one in the next such frame.
 */
export const fastvid = paper({
  id: 'fastvid',
  name: 'FastVID',
  title: 'FastVID: Dynamic Density Pruning for Fast Video Large Language Models',
  role: 'algorithm',
  arxiv: '2503.11187',
  url: 'https://arxiv.org/abs/2503.11187',
  code: 'https://github.com/LunarShen/FastVID',
  date: '2025-03',
  venue: 'NeurIPS 2025',
  kind: ['reducer'],
  summary:
    'Cuts a video where neighbouring frames differ, keeps of every frame the tokens that the encoder attends to most, and ' +
    'merges all others of a scene into a few dense anchors in every fourth of its frames. Tokens keep their positions. ' +
    'Needs no training.',
  places: ['see.patches', 'see.tokens'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.1).describe('r: share of the tokens of a frame that stay'),
    context: z.number().min(0).max(1).default(0.4).describe('d: share of these that are anchors'),
    scenes: z.int().min(1).default(8).describe('c: scenes of a video, at least'),
    threshold: z.number().default(0.9).describe('tau: cosine of two frames below which a scene ends'),
    step: z.int().min(1).default(4).describe('p: every so many-th frame of a scene has anchors'),
    alpha: z.number().min(0).max(1).default(0.6).describe('share that an anchor keeps of itself, at least'),
    ids: idsOption('keep'),
  }),
  method: ({ ids, ...options }) => ({
    see: {
      patches: (tokens) => {
        assertPatches(tokens, 'fastvid')
        return noteSignal(tokens, 'attention', receivedAttention(tokens, 'fastvid'))
      },
      tokens: (tokens) => {
        const frames = framesOf(tokens, 'fastvid')
        if (!frames) return tokens
        const attention = signalOfFrames(frames, signalOf(tokens, 'attention', 'fastvid'))
        return leaveOfFrames(tokens, frames, pruned(frames, attention, options), { by: 'fastvid', ids })
      },
    },
  }),
})

interface Options {
  readonly retain: number
  readonly context: number
  readonly scenes: number
  readonly threshold: number
  readonly step: number
  readonly alpha: number
}

/** S and C of a frame of n tokens; one at least stays. */
export function budgetsOf(n: number, { retain, context }: Pick<Options, 'retain' | 'context'>) {
  const R = Math.max(1, Math.trunc(n * retain))
  const S = R - Math.trunc(R * context)
  return { S, C: R - S }
}

const NEIGHBOURS = 4

function pruned(frames: Frames, attention: Tensor, options: Options): LeftOfFrames {
  const { states, count: t, each: n } = frames
  const { S, C } = budgetsOf(n, options)
  const isSalient = markRows(n, topK(attention, S))
  if (C === 0 || S === n) return { kept: isSalient, count: t * S }
  const scenes = segmentsOf(cutLeast(transitions(states), options.scenes, options.threshold))
  const anchors = anchorsOf(frames, not(isSalient), scenes, { C, step: options.step })
  const { merged, nearest } = mergedInto(frames, anchors, scenes, options.alpha)
  const own = reshape(arange(t * n), [t, n])
  return {
    kept: or(isSalient, anchors.isAnchor),
    states: merged,
    into: select(or(isSalient, anchors.isAnchor), own, nearest),
  }
}

interface Anchors {
  /** Tokens that are not salient, bool [t, n]. */
  readonly isFree: Tensor
  readonly isAnchor: Tensor
  /** Rank of each token by score in its frame, i64 [t, n], and the places of the first `most` of them, [t, most]. */
  readonly rank: Tensor
  readonly places: Tensor
  readonly most: number
  /** How many anchors each frame has, i64 [t, 1]; 0 in most. */
  readonly wanted: Tensor
  /** The next frame of its scene with anchors, for each frame, i64 [t]. */
  readonly next: Tensor
}

function anchorsOf(
  { states, count: t, each: n }: Frames,
  isFree: Tensor,
  { length, index }: Segments,
  { C, step }: { readonly C: number; readonly step: number },
): Anchors {
  const isPair = and(reshape(isFree, [t, n, 1]), reshape(isFree, [t, 1, n]))
  const apart = distances(states)
  const k = constant(Array(t).fill(NEIGHBOURS), [t], 'i64')
  const score = select(isFree, peaks(apart, densities(select(isPair, apart, 1e9), NEIGHBOURS, k), isPair), -1)
  const order = argsort(score, { descending: true })
  const behind = sub(sub(cast(reshape(length, [t]), 'i64'), 1), index) // frames of the scene behind each
  const ahead = remainder(behind, step)
  const L = reshape(length, [t, 1])
  const m = cast(floor(add(div(mul(L, C), wholes(add(L, step - 1), step)), 1e-4)), 'i64')
  const wanted = select(equal(reshape(ahead, [t, 1]), 0), minimum(m, sum(cast(isFree, 'i64'), 1, true)), 0)
  const rank = argsort(order)
  return {
    isFree,
    isAnchor: and(less(rank, wanted), isFree),
    rank,
    places: order,
    most: Math.min(n, C * step),
    wanted,
    next: add(arange(t), ahead),
  }
}

/** floor(x / of) of whole numbers, f32. */
const wholes = (x: Tensor, of: number): Tensor => floor(div(add(x, 0.5), of))
const remainder = (x: Tensor, of: number): Tensor => sub(x, mul(cast(wholes(cast(x, 'f32'), of), 'i64'), of))

/** Frames with anchors: how many only the video tells. */
const WITH_ANCHORS = 'framesWithAnchors'

/** Each token's share in the anchors of the frames that have any. */
interface Shares {
  /** The frames, i64 [a]. */
  readonly frames: Tensor
  /** Tokens that are anchors there, if they are real, [a m, d]. */
  readonly targets: Tensor
  /** Which of the m each token is most like in each of the frames, i64 [t n, a]. */
  readonly nearest: Tensor
  /** 1 where a token counts to an anchor, [t n, a m]. */
  readonly member: Tensor
}

function sharesOf({ states, count: t, each: n }: Frames, anchors: Anchors, { same }: Segments): Shares {
  const { isFree, most, wanted, places } = anchors
  const d = states.shape[2]
  const frames = maskedIndices(less(0, reshape(wanted, [t])), WITH_ANCHORS)
  const a = frames.shape[0]
  const targets = reshape(gather(gatherRows(states, slice(places, 1, 0, most)), frames), [mulDim(a, most), d])
  const alike = matmul(unit(reshape(states, [t * n, d])), transpose(unit(targets)))
  const isReal = reshape(less(arange(most), gather(wanted, frames)), [1, a, most])
  const nearest = argmax(select(isReal, reshape(alike, [t * n, a, most]), -2), 2)
  const isNearest = equal(reshape(nearest, [t * n, a, 1]), arange(most))
  const counts = mul(reshape(cast(isFree, 'f32'), [t, n, 1]), reshape(gather(same, frames, 1), [t, 1, a]))
  const member = mul(cast(isNearest, 'f32'), reshape(counts, [t * n, a, 1]))
  return { frames, targets, nearest, member: reshape(member, [t * n, mulDim(a, most)]) }
}

/** w x + (1 - w) the mean of what came to each anchor: [a m, d]. */
function pulled({ states, count: t, each: n }: Frames, { targets, member }: Shares, alpha: number): Tensor {
  const number = reshape(sum(member, 0), [targets.shape[0], 1])
  const total = matmul(transpose(member), reshape(states, [t * n, states.shape[2]]))
  const w = maximum(div(1, add(number, 1)), alpha)
  return add(mul(targets, w), mul(div(total, maximum(number, 1)), sub(1, w)))
}

/** The tokens with anchors as they become, [t, n, d], and the place of the anchor that each is part of, i64 [t, n]. */
function mergedInto(frames: Frames, anchors: Anchors, scenes: Segments, alpha: number) {
  const { states, count: t, each: n } = frames
  const { most, wanted, rank, isAnchor, places, next } = anchors
  const shares = sharesOf(frames, anchors, scenes)
  const number = sub(cumsum(cast(less(0, reshape(wanted, [t])), 'i64'), 0), 1) // among the frames with anchors
  const own = reshape(arange(t * n), [t, n])
  const rows = select(isAnchor, add(add(mul(reshape(number, [t, 1]), most), rank), t * n), own)
  const all = concat([reshape(states, [t * n, states.shape[2]]), pulled(frames, shares, alpha)], 0)
  const merged = reshape(gather(all, reshape(rows, [t * n])), [t, n, states.shape[2]])

  const at = expand(reshape(gather(number, next), [t, 1, 1]), [t, n, 1])
  const chosen = takeAlong(reshape(shares.nearest, [t, n, shares.frames.shape[0]]), at, 2) // [t, n, 1]
  const place = takeAlong(gather(places, next), reshape(chosen, [t, n])) // in the next frame with anchors
  return { merged, nearest: add(mul(reshape(next, [t, 1]), n), place) }
}
