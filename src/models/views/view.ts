import type { RgbImage } from '../../media/image.ts'

/** A size in pixels. */
export interface Extent {
  readonly width: number
  readonly height: number
}

/** Whether something is written around one of these views. */
export const hasText = (views: readonly View[]): boolean => views.some(({ text }) => text)

/** A rectangle in the pixels of an image, not only whole ones; it reaches beyond the image where that was padded. */
export interface Box extends Extent {
  readonly left: number
  readonly top: number
}

/** One input of the vision encoder: an image (or a part of one) and the size in pixels it is resized to. */
export interface View extends Extent {
  readonly image: RgbImage
  /** Which part of the original image it shows, in pixels of that; absent: the whole of it. */
  readonly box?: Box
  /** Which part of the image this is, counted from 1; absent: the whole of it. */
  readonly tile?: { readonly row: number; readonly column: number }
  /**
   * What a method writes around its tokens in the prompt. Views with such text enter the prompt one after another, and
   * families leave out the tags that they have for tiles themselves.
   */
  readonly text?: { readonly before?: string; readonly after?: string }
  /** Frames of a video that are encoded as one, `image` the first of them, and their place on the axis of time. */
  readonly clip?: { readonly frames: readonly RgbImage[]; readonly time: number }
  /** Side of the squares of patches that become one token each; 1 when absent. */
  readonly pool?: number
}

/** What decides how a view is computed, as a key. */
export const sizeOfView = ({
  width,
  height,
  clip,
  pool = 1,
}: Pick<View, 'width' | 'height' | 'clip' | 'pool'>): string =>
  `${width}x${height}x${clip?.frames.length ?? 1}${pool > 1 ? `, pooled by ${pool}` : ''}`

export const wholeOf = ({ width, height }: Extent): Box => ({ left: 0, top: 0, width, height })

/** The part of the original that is left of `shown` where `crop` is cut out of an image of this size. */
export function partOf(shown: Box, size: Extent, crop: Box): Box {
  const [across, down] = [shown.width / size.width, shown.height / size.height]
  return {
    left: shown.left + crop.left * across,
    top: shown.top + crop.top * down,
    width: crop.width * across,
    height: crop.height * down,
  }
}
