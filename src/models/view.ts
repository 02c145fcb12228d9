import type { RgbImage } from '../media/image.ts'

/** One input of the vision encoder: an image (or a part of one) and the size in pixels it is resized to. */
export interface View {
  readonly image: RgbImage
  readonly width: number
  readonly height: number
}
