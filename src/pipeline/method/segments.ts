/** Frames of a video in segments that follow each other. */
import {
  cast,
  concat,
  constant,
  cumsum,
  equal,
  fixedDim,
  matmul,
  mul,
  reshape,
  sub,
  sum,
  type Tensor,
} from '../../tensor/index.ts'

export interface Segments {
  /** 1 where two frames are of one segment, [t, t]. */
  readonly same: Tensor
  /** How many frames the segment of each has, f32 [t, 1]. */
  readonly length: Tensor
  /** Which frame of its segment each is, counted from 0, i64 [t]. */
  readonly index: Tensor
  /** The first frame of the segment of each, i64 [t]. */
  readonly first: Tensor
}

/** The segments of frames that have a number each, equal ones one behind the other: i64 [t]. */
export function segmentsOf(numbers: Tensor): Segments {
  const t = fixedDim('segments', numbers, 0)
  const same = cast(equal(reshape(numbers, [t, 1]), reshape(numbers, [1, t])), 'f32')
  const earlier = constant(
    Array.from({ length: t * t }, (_, at) => Number(at % t < Math.floor(at / t))),
    [t, t],
  )
  const index = cast(sum(mul(same, earlier), 1), 'i64')
  const frames = constant([...Array(t).keys()], [t], 'i64')
  return { same, length: sum(same, 1, true), index, first: sub(frames, index) }
}

/** The number of the segment of each frame, where some frames are the last of theirs: bool [t - 1] -> i64 [t]. */
export const cutBehind = (isLast: Tensor): Tensor =>
  concat([constant([0], [1], 'i64'), cumsum(cast(isLast, 'i64'), 0)], 0)

/** For each frame the sum over its segment of x [t, ...]. */
export function sumOfSegment({ same }: Segments, x: Tensor): Tensor {
  const [t, ...rest] = x.shape.map(Number)
  const flat = reshape(x, [t, rest.reduce((a, b) => a * b, 1)])
  return reshape(matmul(same, flat), [t, ...rest])
}
