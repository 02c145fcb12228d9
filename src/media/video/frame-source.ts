import { FoveaError } from '../../errors.ts'
import type { Pixels } from '../decode.ts'
import type { RgbImage } from '../image.ts'
import { DEFAULT_MAX_PIXELS } from '../image-limits.ts'

/** In pixels. */
export interface FrameSize {
  readonly width: number
  readonly height: number
}

/** What is known of a video before any of its frames is decoded; its size is that in which it is shown. */
export interface VideoFacts extends FrameSize {
  /** `avc`, `vp9`, `gif`, `images`, ... */
  readonly codec: string
  /** Number of frames. */
  readonly frames: number
  /** Of a video whose rate varies, the average. */
  readonly framesPerSecond: number
  /** From the beginning of the first frame to the end of the last. */
  readonly seconds: number
}

/** A video that was opened: its frames are decoded when they are asked for, and only those. */
export interface FrameSource {
  /** For messages: a path, or what was given instead. */
  readonly name: string
  /** What is wrong with it and does not keep it from being read, for people. */
  readonly note?: string
  readonly facts: VideoFacts
  /** When each frame begins, in seconds from the first, ascending. */
  readonly timestamps: readonly number[]
  /** Decodes the frames at these indices, ascending. Throws FoveaError `video_damaged` and what `signal` gives as reason. */
  read(indices: readonly number[], signal?: AbortSignal): AsyncGenerator<RgbImage>
  close(): void
}

export interface VideoLimits {
  /** Width times height of a frame, default 40 megapixels. */
  readonly maxPixels?: number
  /** What is made of frames of more than 8-bit RGB: of images and animated images. Default `seen`. */
  readonly pixels?: Pixels
}

export const videoError = (code: string, name: string, message: string, cause?: unknown): FoveaError =>
  new FoveaError(code, 'input', `${name}: ${message}`, { cause })

/** Throws FoveaError `video_too_large` for frames of more pixels than allowed, or of none. */
export function assertFrameSize(
  name: string,
  { width, height }: FrameSize,
  { maxPixels = DEFAULT_MAX_PIXELS }: VideoLimits,
): void {
  if (!(width > 0 && height > 0)) throw videoError('video_unreadable', name, 'its width or height is zero')
  if (width * height <= maxPixels) return
  const limit = `${maxPixels / 1e6} megapixels`
  throw videoError(
    'video_too_large',
    name,
    `its frames are ${width}x${height}; the limit is ${limit}: make them smaller`,
  )
}
