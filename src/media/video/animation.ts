/** Animated GIF and WebP as videos. */
import sharp, { type Metadata } from 'sharp'
import { decodeImage } from '../decode.ts'
import type { RgbImage } from '../image.ts'
import { sniffImageFormat } from '../image-format.ts'
import { assertFrameSize, type FrameSource, type VideoFacts, type VideoLimits, videoError } from './frame-source.ts'

/** Shown for so long where a file says less than 20 ms, which no browser does. */
const USUAL_DELAY = 100
const LEAST_DELAY = 20

/**
 * Opens an animated GIF or WebP; a still one is a video of one frame.
 * @throws FoveaError kind `input`: `video_unreadable`, `video_too_large`
 */
export async function openAnimation(bytes: Uint8Array, name: string, limits: VideoLimits = {}): Promise<FrameSource> {
  const header = await readHeader(bytes, name)
  const size = { width: header.width, height: header.pageHeight ?? header.height }
  assertFrameSize(name, size, limits)
  const delays = delaysOf(header)
  const timestamps: number[] = []
  let seconds = 0
  for (const delay of delays) {
    timestamps.push(seconds)
    seconds += delay / 1000
  }
  const rate = { frames: delays.length, framesPerSecond: delays.length / seconds, seconds }
  const facts = { codec: sniffImageFormat(bytes)!, ...size, ...rate }
  return new AnimationFrames(name, facts, timestamps, bytes, limits)
}

async function readHeader(bytes: Uint8Array, name: string): Promise<Metadata> {
  try {
    return await sharp(bytes, { limitInputPixels: false, failOn: 'warning' }).metadata()
  } catch (cause) {
    throw videoError('video_unreadable', name, 'its header is damaged', cause)
  }
}

function delaysOf({ pages = 1, delay = [] }: Metadata): number[] {
  const shown = (milliseconds = 0) => (milliseconds < LEAST_DELAY ? USUAL_DELAY : milliseconds)
  return Array.from({ length: pages }, (_, page) => shown(delay[page]))
}

class AnimationFrames implements FrameSource {
  constructor(
    readonly name: string,
    readonly facts: VideoFacts,
    readonly timestamps: readonly number[],
    private readonly bytes: Uint8Array,
    private readonly limits: VideoLimits,
  ) {}

  async *read(indices: readonly number[], signal?: AbortSignal): AsyncGenerator<RgbImage> {
    for (const index of indices) {
      signal?.throwIfAborted()
      yield await this.page(index)
    }
  }

  close(): void {}

  private async page(index: number): Promise<RgbImage> {
    const { bytes, name } = this
    const { maxPixels, pixels } = this.limits
    try {
      return await decodeImage(bytes, { maxPixels, pixels, maxBytes: bytes.length, page: index })
    } catch (cause) {
      throw videoError('video_damaged', name, `frame ${index} cannot be decoded: the file is cut off or damaged`, cause)
    }
  }
}
