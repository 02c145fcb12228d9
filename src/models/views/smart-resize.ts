import { FoveaError } from '../../errors.ts'
import { roundHalfEven } from '../../tensor/round-half-even.ts'
import type { PixelFields } from './image-processor.ts'
import type { Extent } from './view.ts'

/** What an image may measure before it is cut into patches. */
export interface PixelRange {
  /** Both sides are a multiple of this many pixels. */
  readonly factor: number
  /** Fewest and most pixels. */
  readonly least: number
  readonly most: number
}

/** Longer side over shorter side. */
const MOST_ASPECT = 200

/**
 * The range that a processor's file asks for. Older files name it min_pixels and max_pixels, newer ones say it as the
 * edges of `size`, which count pixels too.
 */
export function pixelRange(factor: number, processor?: PixelFields): PixelRange {
  const { size, min_pixels, max_pixels } = processor ?? {}
  const edges = size && 'shortest_edge' in size && 'longest_edge' in size ? size : undefined
  return {
    factor,
    least: min_pixels ?? edges?.shortest_edge ?? 56 * 56,
    most: max_pixels ?? edges?.longest_edge ?? 28 * 28 * 1280,
  }
}

/** Frames of a video, whose areas are counted together. */
interface FrameCount {
  readonly frames: number
  /** Frames that are encoded as one; the last clip is filled up. */
  readonly depth: number
}

/**
 * The size nearest to the image's own whose sides are multiples of `factor` and whose area lies in the range, at nearly
 * the same aspect: the smart resize of Qwen2-VL (arXiv 2409.12191, section 2.1). Throws FoveaError `image_aspect`.
 */
export function smartResize(
  { width, height }: Extent,
  { factor, least, most }: PixelRange,
  { frames, depth }: FrameCount = { frames: 1, depth: 1 },
): Extent {
  const aspect = Math.max(width, height) / Math.min(width, height)
  if (aspect > MOST_ASPECT) {
    const message = `an image of ${width}x${height} pixels is too long for this model: at most ${MOST_ASPECT} times its other side`
    throw new FoveaError('image_aspect', 'input', message)
  }
  const sides = (rounded: (side: number) => number): Extent => ({ width: rounded(width), height: rounded(height) })
  const nearest = sides((side) => roundHalfEven(side / factor) * factor)
  const area = Math.ceil(frames / depth) * depth * nearest.width * nearest.height
  if (area > most) {
    const shrink = Math.sqrt((frames * height * width) / most)
    return sides((side) => Math.max(factor, Math.floor(side / shrink / factor) * factor))
  }
  if (area >= least) return nearest
  const grow = Math.sqrt(least / (frames * height * width))
  return sides((side) => Math.ceil((side * grow) / factor) * factor)
}
