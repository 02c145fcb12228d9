/** Which frames of a video a model is to see: the rules of the processors that models were trained with. */
import { FoveaError } from '../../errors.ts'
import { roundHalfEven } from '../round-half-even.ts'

/** A video, or the part of one that frames are chosen from. */
export interface ClipFacts {
  readonly frames: number
  readonly framesPerSecond: number
}

/** How many frames are wanted; of `frames` and `fps` at most one. */
export interface FrameBudget {
  /** So many frames, spread over the whole time. */
  readonly frames?: number
  /** So many frames of each second. */
  readonly fps?: number
  /** However many `fps` or the rule would give, no more than these. */
  readonly maxFrames?: number
}

/** Chooses frames: indices from 0, ascending. */
export type FrameSampler = (clip: ClipFacts, budget: FrameBudget) => number[]

/** Frames that a rule says of itself; a budget goes before it. */
export interface SamplingDefaults {
  readonly frames?: number
  readonly fps?: number
}

/** Values that torch.arange computes at once, from the first of them. */
const VECTOR = 8

/**
 * Every `step`-th index from `start`, rounded as torch.arange rounds: to single precision, and where vectors of values
 * fit, two by two, from the first of each vector, rounded itself. It matters beyond some thousand frames.
 */
function everyStep(start: number, end: number, step: number): number[] {
  const length = Math.ceil((end - start) / step)
  const inVectors = length - (length % (2 * VECTOR))
  return Array.from({ length }, (_, at) => {
    const lane = at < inVectors ? at % VECTOR : 0
    const first = Math.fround(start + step * (at - lane))
    return Math.trunc(Math.fround(first + step * lane))
  })
}

const refused = (message: string): FoveaError => new FoveaError('video_frames', 'usage', message)

/** Frames that were asked for must be there. */
function assertThere(wanted: number, { frames, framesPerSecond }: ClipFacts, { fps }: FrameBudget): void {
  if (wanted <= frames) return
  const rate = Number(framesPerSecond.toPrecision(4))
  if (fps !== undefined) throw refused(`${fps} frames per second were asked for, the video has ${rate}: ask for fewer`)
  throw refused(`${wanted} frames were asked for, the video has ${frames} in that time: ask for fewer`)
}

/** How many frames a budget, or without one the rule, means. What the rule alone says ends where the video does. */
function countOf(clip: ClipFacts, budget: FrameBudget, defaults: SamplingDefaults): number {
  const { frames, fps } = budget.frames !== undefined || budget.fps !== undefined ? budget : defaults
  const most = budget.maxFrames ?? Number.POSITIVE_INFINITY
  const counted = frames ?? (fps === undefined ? clip.frames : Math.trunc((clip.frames / clip.framesPerSecond) * fps))
  const wanted = Math.max(1, Math.min(counted, most))
  if (budget.frames !== undefined || budget.fps !== undefined) assertThere(wanted, clip, budget)
  return Math.min(wanted, clip.frames)
}

/** Evenly spread from the first frame, or from a later place, on: transformers' `BaseVideoProcessor`. */
export const evenFrames =
  (defaults: SamplingDefaults, shift = 0): FrameSampler =>
  (clip, budget) =>
    everyStep(Math.min(shift, clip.frames - 1), clip.frames, clip.frames / countOf(clip, budget, defaults))

/** Evenly spread, each in the middle of its part: InternVL's. */
export const middleFrames =
  (defaults: SamplingDefaults): FrameSampler =>
  (clip, budget) => {
    const step = clip.frames / countOf(clip, budget, defaults)
    return everyStep(step / 2, clip.frames, step)
  }

export interface ClipSampling extends SamplingDefaults {
  readonly minFrames: number
  readonly maxFrames: number
  /** Frames that are encoded as one; their number is a multiple of it. */
  readonly depth: number
}

/** By rate, between two limits and in whole clips: Qwen2-VL's. */
export const clipFrames =
  ({ minFrames, maxFrames, depth, ...defaults }: ClipSampling): FrameSampler =>
  (clip, budget) => {
    const { frames, fps } = budget.frames !== undefined || budget.fps !== undefined ? budget : defaults
    const whole = (count: number) => Math.floor(count / depth) * depth
    const most = whole(Math.min(budget.maxFrames ?? maxFrames, maxFrames, clip.frames))
    const byRate = () => {
      const wanted = (clip.frames / clip.framesPerSecond) * (fps ?? clip.framesPerSecond)
      return whole(Math.min(Math.max(wanted, minFrames), most, clip.frames))
    }
    const counted = frames === undefined ? byRate() : roundHalfEven(frames / depth) * depth
    if (frames !== undefined && budget.frames !== undefined) assertThere(counted, clip, budget)
    // The reference has no answer to fewer frames than a clip: all there are.
    const count = Math.min(counted, clip.frames) || clip.frames
    return everyStep(0, clip.frames, clip.frames / count)
  }

export interface SkippingSampling {
  readonly fps: number
  readonly maxFrames: number
  /** Left out at both ends of a video that is long enough. */
  readonly skipSeconds: number
}

/** By rate, from the first frame to the last: SmolVLM2's. */
export const spannedFrames =
  ({ skipSeconds, ...defaults }: SkippingSampling): FrameSampler =>
  ({ frames: total, framesPerSecond }, budget) => {
    const fps = budget.fps ?? defaults.fps
    const most = budget.frames ?? Math.min(budget.maxFrames ?? defaults.maxFrames, defaults.maxFrames)
    const seconds = total / framesPerSecond
    const count = Math.max(1, Math.min(roundHalfEven(fps * seconds), most))
    const skipped = skipSeconds * framesPerSecond
    const isLong = skipSeconds > 0 && seconds - 2 * skipSeconds > most * fps
    const [start, end] = isLong
      ? [Math.trunc(skipped), Math.min(Math.trunc(total - skipped), total - 1)]
      : [0, total - 1]
    return start < end ? span(start, end, count) : span(0, total - 1, count)
  }

/** So many indices from `start` to `end`, both included; those that coincide once. */
function span(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1)
  const indices = Array.from({ length: count }, (_, at) =>
    at > 0 && at === count - 1 ? end : Math.floor(count === 1 ? start : at * step + start),
  )
  return [...new Set(indices)]
}
