/** Which frames of a video a model is to see: the rules of the processors that models were trained with. */
import { FoveaError } from '../../errors.ts'
import { roundHalfEven } from '../../tensor/round-half-even.ts'

/** A video, or the part of one that frames are chosen from. */
export interface ClipFacts {
  readonly frames: number
  readonly framesPerSecond: number
}

/**
 * How many frames are wanted; of `frames` and `fps` at most one. One rule for every model: what is asked is what is shown,
 * never more, at least one frame, and what the video does not have is refused.
 */
export interface FrameBudget {
  /** So many frames, spread over the whole time. */
  readonly frames?: number
  /** So many frames of each second: rate times seconds, rounded down. */
  readonly fps?: number
  /** However many `fps` or the model's own rule would give, no more than these. */
  readonly maxFrames?: number
}

/** Chooses frames: indices from 0, ascending. */
export type FrameSampler = (clip: ClipFacts, budget: FrameBudget) => number[]

/** What a processor's file says of the number of frames, read as its reference reads it; a budget goes before it. */
export interface SamplingDefaults {
  readonly frames?: number
  readonly fps?: number
}

/** Values that torch.arange computes at once, from the first of them. */
const VECTOR = 8

/**
 * Every `step`-th index from `start`, at most `most` of them, rounded as torch.arange rounds: to single precision, and
 * where vectors of values fit, two by two, from the first of each vector, rounded itself. It matters beyond some thousand
 * frames.
 */
function everyStep(start: number, end: number, step: number, most: number): number[] {
  const length = Math.min(Math.ceil((end - start) / step), most)
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

/** A rate times a time that is a whole number may come out a little less. */
const SLACK = 1e-9

/** How many frames `frames` or `fps` ask for; undefined where neither is given. */
function askedCount(clip: ClipFacts, budget: FrameBudget): number | undefined {
  const { frames, fps, maxFrames = Number.POSITIVE_INFINITY } = budget
  if (frames === undefined && fps === undefined) return undefined
  const counted = frames ?? Math.floor((clip.frames * fps!) / clip.framesPerSecond + SLACK)
  const wanted = Math.max(1, Math.min(counted, maxFrames))
  assertThere(wanted, clip, budget)
  return wanted
}

/** What a rule says of itself, within the limit and the video. */
const ownCount = (counted: number, clip: ClipFacts, { maxFrames = Number.POSITIVE_INFINITY }: FrameBudget): number =>
  Math.max(1, Math.min(counted, maxFrames, clip.frames))

/** Of a file that states a number, a rate, or neither. */
function statedCount(clip: ClipFacts, { frames, fps }: SamplingDefaults): number {
  return frames ?? (fps === undefined ? clip.frames : Math.trunc((clip.frames / clip.framesPerSecond) * fps))
}

/** Evenly spread from the first frame, or from a later place, on: transformers' `BaseVideoProcessor`. */
export const evenFrames =
  (defaults: SamplingDefaults, shift = 0): FrameSampler =>
  (clip, budget) => {
    const asked = askedCount(clip, budget)
    if (asked !== undefined) {
      // No later than leaves room for all that were asked for.
      const start = Math.min(shift, clip.frames - asked)
      return everyStep(start, clip.frames, (clip.frames - start) / asked, asked)
    }
    const count = ownCount(statedCount(clip, defaults), clip, budget)
    return everyStep(Math.min(shift, clip.frames - 1), clip.frames, clip.frames / count, count)
  }

/** Evenly spread, each in the middle of its part: InternVL's. */
export const middleFrames =
  (defaults: SamplingDefaults): FrameSampler =>
  (clip, budget) => {
    const count = askedCount(clip, budget) ?? ownCount(statedCount(clip, defaults), clip, budget)
    const step = clip.frames / count
    return everyStep(step / 2, clip.frames, step, count)
  }

export interface ClipSampling extends SamplingDefaults {
  readonly minFrames: number
  readonly maxFrames: number
  /** Frames that are encoded as one. The rule chooses a multiple of it; of what was asked for the last is repeated. */
  readonly depth: number
}

/** By rate, between two limits and in whole clips: Qwen2-VL's. */
export const clipFrames =
  (sampling: ClipSampling): FrameSampler =>
  (clip, budget) => {
    const count = askedCount(clip, budget) ?? ownCount(wholeClips(clip, sampling), clip, budget)
    return everyStep(0, clip.frames, clip.frames / count, count)
  }

function wholeClips(clip: ClipFacts, { frames, fps, minFrames, maxFrames, depth }: ClipSampling): number {
  // The reference has no answer to fewer frames than a clip: those that there are.
  if (frames !== undefined) return roundHalfEven(frames / depth) * depth || frames
  const whole = (count: number) => Math.floor(count / depth) * depth || Math.floor(count)
  const most = whole(Math.min(maxFrames, clip.frames))
  const wanted = (clip.frames / clip.framesPerSecond) * (fps ?? clip.framesPerSecond)
  return whole(Math.min(Math.max(wanted, minFrames), most))
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
  (clip, budget) => {
    const { frames: total, framesPerSecond } = clip
    const fps = budget.fps ?? defaults.fps
    const most = budget.frames ?? Math.min(budget.maxFrames ?? defaults.maxFrames, defaults.maxFrames)
    const seconds = total / framesPerSecond
    const count =
      askedCount(clip, budget) ?? ownCount(Math.min(roundHalfEven(fps * seconds), defaults.maxFrames), clip, budget)
    const skipped = skipSeconds * framesPerSecond
    const isLong = skipSeconds > 0 && seconds - 2 * skipSeconds > most * fps
    const [start, end] = isLong
      ? [Math.trunc(skipped), Math.min(Math.trunc(total - skipped), total - 1)]
      : [0, total - 1]
    return end - start + 1 >= count && start < end ? span(start, end, count) : span(0, total - 1, count)
  }

/** So many indices from `start` to `end`, both included; those that coincide once. */
function span(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1)
  const indices = Array.from({ length: count }, (_, at) =>
    at > 0 && at === count - 1 ? end : Math.floor(count === 1 ? start : at * step + start),
  )
  return [...new Set(indices)]
}

/** By rate, between two limits, from the first frame to the last, each the nearest to its place: Qwen3-VL's. */
export const nearestFrames =
  ({ minFrames, maxFrames, ...defaults }: Omit<ClipSampling, 'depth'>): FrameSampler =>
  (clip, budget) => {
    const within = (count: number) => Math.min(Math.max(count, minFrames), maxFrames)
    const stated = defaults.frames ?? within(statedCount(clip, defaults))
    const count = askedCount(clip, budget) ?? ownCount(stated, clip, budget)
    const last = clip.frames - 1
    return Array.from({ length: count }, (_, at) =>
      at > 0 && at === count - 1 ? last : roundHalfEven(at * (last / Math.max(1, count - 1))),
    )
  }
