import { densities, distances, peaks } from '../../../pipeline/method/clusters.ts'
import type { Frames } from '../../../pipeline/method/frames.ts'
import { gatherRows } from '../../../pipeline/method/rows.ts'
import type { Segments } from '../../../pipeline/method/segments.ts'
import { unit } from '../../../pipeline/method/similarity.ts'
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
  reshape,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
  transpose,
} from '../../../tensor/index.ts'

const NEIGHBOURS = 4

/** The tokens of a scene that others are merged into: in some of its frames several, in others none. */
export interface Anchors {
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

/** In every `step`-th frame of a scene of L frames, counted back from the last, the floor(C L / ceil(L / step)) of highest score. */
export function anchorsOf(
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
export function mergedInto(frames: Frames, anchors: Anchors, scenes: Segments, alpha: number) {
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
