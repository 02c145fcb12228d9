/** Frames of a video that look alike: segments of them found in one pass, and which of a segment become one. */
import {
  add,
  and,
  arange,
  cast,
  concat,
  constant,
  cumsum,
  div,
  equal,
  fixedDim,
  gather,
  greater,
  greaterEqual,
  less,
  lessEqual,
  matmul,
  minimum,
  mul,
  not,
  or,
  reshape,
  scatterAdd,
  select,
  slice,
  sub,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'

export interface StreamRule {
  /** Mean likeness to the first frame of a segment below which it ends. */
  readonly tau: number
  /** How much the newest likeness weighs in that mean. */
  readonly ema: number
  /** M: a segment has fewer frames than this. */
  readonly most: number
}

export interface PairRule {
  /** Whether frames that are equally alike all along are merged too. */
  readonly ties: boolean
  /** Whether the last middle frame of a segment stays where nothing took it in; the released code loses it. */
  readonly last: boolean
}

/** Segments of the first `count` of t frames. */
export interface StreamSegments {
  /** Where the segment of each frame begins, i64 [t]. */
  readonly first: Tensor
  /** How many frames it has, i64 [t]. */
  readonly length: Tensor
}

/**
 * Streaming segmentation: e_0 = 1, e_k = ema s(first, first + k) + (1 - ema) e_{k-1}; a segment ends before the first frame
 * with e_k < tau, and before it has M frames.
 * @param alike s of all frames, [t, t]
 * @param count frames that there are, i64 []
 */
export function streamSegments(alike: Tensor, count: Tensor, { tau, ema, most }: StreamRule): StreamSegments {
  const t = fixedDim('segments', alike, 0)
  const place = arange(t)
  let [mean, isOpen, length] = [constant(new Float32Array(t).fill(1), [t]), less(place, count), add(mul(place, 0), 1)]
  for (let k = 1; k <= Math.min(most - 2, t - 1); k++) {
    mean = add(mul(behind(alike, k), ema), mul(mean, 1 - ema))
    isOpen = and(isOpen, and(greaterEqual(mean, tau), less(add(place, k), count)))
    length = add(length, cast(isOpen, 'i64'))
  }
  const isFirst = reached(add(place, length), t)
  const number = sub(cumsum(isFirst, 0), 1)
  const first = gather(scatterAdd([t], number, mul(place, isFirst), 0), number)
  return { first, length: gather(length, first) }
}

/** s(i, i + k) of each frame, [t]; of the last ones it means nothing. */
function behind(alike: Tensor, k: number): Tensor {
  const t = fixedDim('segments', alike, 0)
  const column = minimum(add(arange(t), k), t - 1)
  return reshape(takeAlong(alike, reshape(column, [t, 1])), [t])
}

/** The places that are come to from 0 by going from each i to `next[i]`, in doubled steps: 1 or 0, i64 [t]. */
function reached(next: Tensor, t: number): Tensor {
  let step = cast(equal(reshape(next, [t, 1]), reshape(arange(t), [1, t])), 'f32')
  let found = cast(equal(reshape(arange(t), [1, t]), 0), 'f32')
  for (let steps = 1; steps < t; steps *= 2) {
    found = add(found, matmul(found, step))
    step = matmul(step, step)
  }
  return cast(greater(reshape(found, [t]), 0.5), 'i64')
}

/** What becomes of frames. */
export interface FramePairs {
  /** bool [t] */
  readonly kept: Tensor
  /** Of frames that are kept: their share in themselves, the next frame has the rest; [t]. */
  readonly share: Tensor
  /** Into which of the kept ones each goes, -1: into none; i64 [t]. */
  readonly into: Tensor
}

/**
 * The first and the last frame of a segment stay. Of the K between them, q_j = s(m_j, m_{j+1}): m_j takes in m_{j+1} where q_j
 * is above s(first, last) and, unless they are the last two, above q_{j+1}; they become w m_j + (1 - w) m_{j+1} with w = q_j /
 * (q_j + q_{j+1}), the last two m_j alone. One that stands alone between the ends stays.
 */
export function framePairs(alike: Tensor, count: Tensor, segments: StreamSegments, rule: PairRule): FramePairs {
  const t = fixedDim('pairs', alike, 0)
  const { first, length } = segments
  const place = arange(t)
  const at = sub(place, first)
  const fromEnd = sub(sub(length, at), 1)
  const isMiddle = and(greater(at, 0), greater(fromEnd, 0))
  const [hasPair, hasNext] = [and(isMiddle, greater(fromEnd, 1)), and(isMiddle, greater(fromEnd, 2))]
  const q = behind(alike, 1)
  const next = select(hasNext, later(q), 0)
  const ends = endsAlike(alike, segments)
  const above = (x: Tensor, y: Tensor) => greater(rule.ties ? add(x, TIE) : x, y)
  const mayMerge = and(hasPair, and(above(q, ends), or(not(hasNext), above(q, next))))

  const isFree = firstOfPairs(mayMerge, lessEqual(at, 1))
  const isLone = equal(length, 3)
  const isKeptMiddle = and(isFree, or(hasPair, rule.last ? isMiddle : isLone))
  const kept = and(less(place, count), or(not(isMiddle), isKeptMiddle))
  const rank = sub(cumsum(cast(kept, 'i64'), 0), 1)
  const isMerged = and(mayMerge, isFree)
  const total = select(and(isMerged, hasNext), add(q, next), 1)
  return {
    kept,
    share: select(and(isMerged, hasNext), div(q, total), 1),
    into: select(or(kept, and(isMiddle, not(isFree))), rank, -1),
  }
}

/** What a likeness may lie below another that it equals. */
const TIE = 1e-4

/** s(first, last) of the segment of each frame, [t]. */
function endsAlike(alike: Tensor, { first, length }: StreamSegments): Tensor {
  const t = fixedDim('pairs', alike, 0)
  const last = minimum(sub(add(first, length), 1), t - 1)
  return reshape(takeAlong(gather(alike, first), reshape(last, [t, 1])), [t])
}

/** Whether a frame was not taken in by the one before: that one must not have been taken in itself. */
function firstOfPairs(mayMerge: Tensor, isFirst: Tensor): Tensor {
  const t = fixedDim('pairs', mayMerge, 0)
  const may = cast(mayMerge, 'f32')
  let isFree = add(mul(may, 0), 1)
  for (let round = 1; round < t; round++) isFree = select(isFirst, 1, sub(1, earlier(mul(may, isFree))))
  return greater(isFree, 0.5)
}

const none = (): Tensor => constant([0], [1])
const later = (x: Tensor): Tensor => concat([slice(x, 0, 1), none()], 0)
const earlier = (x: Tensor): Tensor => concat([none(), slice(x, 0, 0, fixedDim('pairs', x, 0) - 1)], 0)
