import { type ChannelValues, normalise, type RgbImage, resizeImage } from '../../media/image.ts'

/** RGBA pixels of a canvas as an opaque image. */
export function fromRgba(rgba: Uint8ClampedArray, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    data[to++] = rgba[from]
    data[to++] = rgba[from + 1]
    data[to++] = rgba[from + 2]
  }
  return { data, width, height }
}

/** An image at the model's input size, normalised: [3, side, side]. */
export const toPixels = (image: RgbImage, side: number, mean: ChannelValues, std: ChannelValues): Float32Array =>
  normalise(resizeImage(image, side, side, 'bicubic'), mean, std)
