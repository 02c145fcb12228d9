/** From an opened video to the frames that a model is to see. */
import { assertArgument, FoveaError } from '../../errors.ts'
import { type RgbImage, resizeImage } from '../image.ts'
import type { Video } from '../video.ts'
import { readDecodable } from './decodable.ts'
import { type FrameSize, type FrameSource, videoError } from './frame-source.ts'
import { evenFrames, type FrameBudget, type FrameSampler } from './sampling.ts'

export interface SampleOptions extends FrameBudget {
  /** Seconds from the first frame: frames from here on; 0 if not given. */
  readonly start?: number
  /** Seconds from the first frame: frames before this time; all if not given. */
  readonly end?: number
  /** How to choose frames where the budget leaves it open: a model's `frameSampler`. 32 evenly spread if not given. */
  readonly sampler?: FrameSampler
  /** Frames are scaled down so that their longer side has no more pixels than this. */
  readonly frameSide?: number
  /** Bytes of all sampled frames together, default 2 GiB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
  /** Called after each decoded frame. */
  readonly onProgress?: (done: number, total: number) => void
}

export const USUAL_SAMPLER: FrameSampler = evenFrames({ frames: 32 })

const MAX_BYTES = 2 ** 31

/**
 * Chooses frames and decodes them, no others. Of a video that is cut off or damaged those before the damage are the ones to
 * choose from, and `source.note` says so.
 * @throws FoveaError `video_options`, `video_frames`, `video_memory`, `video_damaged`, and what `signal` gives as reason
 */
export async function sampleVideo(source: FrameSource, options: SampleOptions = {}): Promise<Video> {
  assertArgument('sampleVideo', 'the times of a source', source?.timestamps, 'object')
  assertArgument('sampleVideo', 'options', options, 'object')
  assertOptions(options)
  return readDecodable(source, (part) => sampled(part, options), options.signal)
}

async function sampled(source: FrameSource, options: SampleOptions): Promise<Video> {
  const { sampler = USUAL_SAMPLER, frames, fps, maxFrames, signal, onProgress } = options
  const { facts, timestamps, name, note } = source
  const [first, count] = partOf(source, options)
  const chosen = sampler({ frames: count, framesPerSecond: facts.framesPerSecond }, { frames, fps, maxFrames })
  const indices = chosen.map((index) => first + index)
  const size = scaledSize(facts, options.frameSide)
  assertMemory(name, indices.length, size, options.maxBytes)
  const images: RgbImage[] = []
  for await (const image of source.read(indices, signal)) {
    signal?.throwIfAborted()
    images.push(scaled(image, options.frameSide))
    onProgress?.(images.length, indices.length)
  }
  return {
    frames: images,
    framesPerSecond: (indices.length / count) * facts.framesPerSecond,
    timestamps: indices.map((index) => timestamps[index]),
    source: { name, ...facts, indices, ...(note !== undefined && { note }) },
  }
}

/** Which frames lie between `start` and `end`: the index of the first, and how many. */
function partOf({ timestamps, name, facts }: FrameSource, { start = 0, end }: SampleOptions): [number, number] {
  const before = (time: number) => {
    const index = timestamps.findIndex((timestamp) => timestamp >= time)
    return index < 0 ? timestamps.length : index
  }
  // The frame that is on screen at the start is the first of the part.
  const shown = timestamps.findLastIndex((timestamp) => timestamp <= start)
  const first = Math.max(0, shown)
  const last = end === undefined ? timestamps.length : before(end)
  if (start >= facts.seconds && start > 0)
    throw videoError('video_frames', name, `it lasts ${facts.seconds.toFixed(2)} s, no frame begins after ${start} s`)
  return [first, Math.max(1, last - first)]
}

const isPositive = (value: number | undefined): boolean => value === undefined || (Number.isFinite(value) && value > 0)
const isCount = (value: number | undefined): boolean => value === undefined || (Number.isInteger(value) && value > 0)

function assertOptions({ frames, fps, maxFrames, start = 0, end, frameSide }: SampleOptions): void {
  const refuse = (message: string) => new FoveaError('video_options', 'usage', message)
  for (const [name, value] of Object.entries({ frames, maxFrames, frameSide }))
    if (!isCount(value)) throw refuse(`${name} of a video must be a whole number from 1, got ${value}`)
  if (!isPositive(fps)) throw refuse(`fps of a video must be a number above 0, got ${fps}`)
  if (!(Number.isFinite(start) && start >= 0)) throw refuse(`start of a video must be seconds from 0, got ${start}`)
  if (end !== undefined && !(end > start))
    throw refuse(`end of a video must be later than its start (${start} s), got ${end}`)
  if (frames !== undefined && fps !== undefined)
    throw refuse('frames and fps of a video exclude each other: give one; maxFrames limits what fps gives')
  if (frames !== undefined && maxFrames !== undefined)
    throw refuse('frames and maxFrames of a video exclude each other: maxFrames limits what fps or the model gives')
}

function scaledSize({ width, height }: FrameSize, side = Number.POSITIVE_INFINITY): FrameSize {
  const scale = Math.min(1, side / Math.max(width, height))
  if (scale === 1) return { width, height }
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

function scaled(image: RgbImage, side?: number): RgbImage {
  const { width, height } = scaledSize(image, side)
  return width === image.width && height === image.height ? image : resizeImage(image, width, height, 'bicubic')
}

function assertMemory(name: string, frames: number, { width, height }: FrameSize, maxBytes = MAX_BYTES): void {
  const bytes = frames * width * height * 3
  if (bytes <= maxBytes) return
  const found = `${frames} frames of ${width}x${height} take ${(bytes / 2 ** 30).toFixed(1)} GiB`
  const message = `${name}: ${found}, the limit is ${(maxBytes / 2 ** 30).toFixed(1)} GiB: take fewer frames, or smaller ones`
  throw new FoveaError('video_memory', 'resource', message)
}
