/** The one in-memory form of an image, and its step from bytes to model input. */
import { FoveaError } from '../errors.ts'
import { type ResampleFilter, type ResizeBox, resize } from './resample.ts'

/** sRGB, 8 bits a channel, interleaved, row by row: `data.length = width * height * 3`. */
export interface RgbImage {
  data: Uint8Array
  width: number
  height: number
}

/**
 * Where to read an image: a path (`-`: standard input), a `file:` or `data:` URL as text or as an object, or the bytes of an
 * encoded image, such as a Buffer or a Blob.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob

/** An image, or where to read one. */
export type GivenImage = RgbImage | ImageInput

/** One value per channel: red, green, blue. */
export type ChannelValues = readonly [red: number, green: number, blue: number]

/** `resize` of resample.ts for RGB images. */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  filter: ResampleFilter,
  box?: ResizeBox,
): RgbImage {
  const { data } = resize({ ...image, channels: 3 }, width, height, filter, box)
  return { data, width, height }
}

/** (value / most - mean) / std for each of the 256 byte values of one channel, in single precision. */
function channelTable(mean: number, std: number, most: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => (value / most - mean) / std)
}

/**
 * Divides bytes by `most`, which brings them to 0..1, subtracts `mean` and divides by `std`, per channel.
 * @returns `[3, height, width]`: all red values, then green, then blue
 * @throws FoveaError `image_size_mismatch`, `image_std_invalid`
 */
export function normalise(image: RgbImage, mean: ChannelValues, std: ChannelValues, most = 255): Float32Array {
  const plane = image.width * image.height
  if (image.data.length !== plane * 3) {
    const found = `${image.width}x${image.height} needs ${plane * 3} bytes, found ${image.data.length}`
    throw new FoveaError('image_size_mismatch', 'input', `image data does not match its size: ${found}`)
  }
  if (std.some((value) => !(value > 0))) {
    throw new FoveaError(
      'image_std_invalid',
      'input',
      `image_std must be above 0 for each channel, got [${std.join(', ')}]`,
    )
  }
  const out = new Float32Array(3 * plane)
  for (let channel = 0; channel < 3; channel++) {
    const table = channelTable(mean[channel], std[channel], most)
    const at = channel * plane
    for (let i = 0; i < plane; i++) out[at + i] = table[image.data[i * 3 + channel]]
  }
  return out
}

/** With an alpha of 255, as canvases take it. */
export function toRgba({ data, width, height }: RgbImage): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4)
    rgba[i * 4 + 3] = 255
  }
  return rgba
}
