import { FoveaError } from '../errors.ts'
import type { RgbImage } from './image.ts'
import type { VideoFacts } from './video/frame-source.ts'

/** Frames of a video in order and at a constant rate: those that a model is to see. */
export interface Video {
  readonly frames: readonly RgbImage[]
  readonly framesPerSecond: number
  /** When each frame is shown, in seconds from the start of the video; as `framesPerSecond` says when absent. */
  readonly timestamps?: readonly number[]
  /** What the frames were taken from; absent: they are all there is. */
  readonly source?: VideoOrigin
}

/** A video that some frames were taken from. */
export interface VideoOrigin extends VideoFacts {
  /** A path, or what was given instead. */
  readonly name: string
  /** Which of its frames were taken, counted from 0. */
  readonly indices: readonly number[]
  /** What is wrong with it and did not keep it from being read: that its header promises more frames than it holds. */
  readonly note?: string
}

/** When each frame of a video is shown, in seconds from its start. */
export const timestampsOf = ({ frames, framesPerSecond, timestamps }: Video): readonly number[] =>
  timestamps ?? frames.map((_, index) => index / framesPerSecond)

const fault = (message: string) => new FoveaError('video_invalid', 'input', `a video ${message}`)

/** Throws FoveaError `video_invalid` for a video without frames or without a rate. */
export function assertVideo({ frames, framesPerSecond, timestamps }: Video): void {
  if (frames.length === 0) throw fault('needs at least one frame')
  if (!(framesPerSecond > 0 && Number.isFinite(framesPerSecond)))
    throw fault(`needs framesPerSecond above 0, got ${framesPerSecond}`)
  if (timestamps && timestamps.length !== frames.length)
    throw fault(`needs a timestamp per frame, got ${timestamps.length} for ${frames.length} frames`)
}

/** Throws FoveaError `video_invalid` for frames of several sizes. */
export function assertOneSize({ frames }: Video): void {
  const [{ width, height }] = frames
  const odd = frames.findIndex((frame) => frame.width !== width || frame.height !== height)
  if (odd < 0) return
  const found = `${frames[odd].width}x${frames[odd].height}`
  throw fault(`has frames of one size, but frame 0 is ${width}x${height} and frame ${odd} is ${found}`)
}
