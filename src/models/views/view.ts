import type { RgbImage } from '../../media/image.ts'

/** A size in pixels. */
export interface Extent {
  readonly width: number
  readonly height: number
}

/** Whether something is written around one of these views. */
export const hasText = (views: readonly View[]): boolean => views.some(({ text }) => text)

/** One input of the vision encoder: an image (or a part of one) and the size in pixels it is resized to. */
export interface View extends Extent {
  readonly image: RgbImage
  /** Which part of the image this is, counted from 1; absent: the whole of it. */
  readonly tile?: { readonly row: number; readonly column: number }
  /**
   * What a method writes around its tokens in the prompt. Views with such text enter the prompt one after another, and
   * families leave out the tags that they have for tiles themselves.
   */
  readonly text?: { readonly before?: string; readonly after?: string }
  /** Frames of a video that are encoded as one, `image` the first of them, and their place on the axis of time. */
  readonly clip?: { readonly frames: readonly RgbImage[]; readonly time: number }
}
