import { FoveaError } from '../errors.ts'
import type { RgbImage } from './image.ts'

/** Frames of a video in order and at a constant rate: those that a model is to see. */
export interface Video {
  readonly frames: readonly RgbImage[]
  readonly framesPerSecond: number
}

const fault = (message: string) => new FoveaError('video_invalid', 'input', `a video ${message}`)

/** Throws FoveaError `video_invalid` for a video without frames or without a rate. */
export function assertVideo({ frames, framesPerSecond }: Video): void {
  if (frames.length === 0) throw fault('needs at least one frame')
  if (!(framesPerSecond > 0 && Number.isFinite(framesPerSecond)))
    throw fault(`needs framesPerSecond above 0, got ${framesPerSecond}`)
}

/** Throws FoveaError `video_invalid` for frames of several sizes. */
export function assertOneSize({ frames }: Video): void {
  const [{ width, height }] = frames
  const odd = frames.findIndex((frame) => frame.width !== width || frame.height !== height)
  if (odd < 0) return
  const found = `${frames[odd].width}x${frames[odd].height}`
  throw fault(`has frames of one size, but frame 0 is ${width}x${height} and frame ${odd} is ${found}`)
}
