import { FoveaError } from '../../errors.ts'
import { f32, type Value } from '../../runtime/index.ts'
import type { Shape } from '../../tensor/index.ts'
import type { Extent, View } from '../views/view.ts'

/** What goes into an image encoder. */
export interface ImageInput {
  /** Shape of each tensor by its name; sizes that differ from run to run have names. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** Their values for views of one size, whose pixels [count, 3, height, width] these are. */
  feeds(pixels: Float32Array, view: Extent): Readonly<Record<string, Value>>
}

/** How many views of one size the pixels are of. */
export const viewCount = (pixels: Float32Array, { width, height }: Extent): number =>
  pixels.length / (3 * width * height)

/** Square images of one size. */
export const squareInput = (side: number): ImageInput => ({
  shapes: { pixels: ['batch', 3, side, side] },
  feeds: (pixels, view) => ({ pixels: f32([viewCount(pixels, view), 3, side, side], pixels) }),
})

/** Throws FoveaError `preprocessor_invalid` for a view that is not the square which an encoder takes. */
export function assertSquare(view: View, side: number): View {
  const { width, height } = view
  if (width === side && height === side) return view
  const message = `preprocessor_config.json makes images of ${width}x${height} pixels, config.json asks for ${side}x${side}`
  throw new FoveaError('preprocessor_invalid', 'input', message)
}
