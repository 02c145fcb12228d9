import { normalise, type RgbImage, resizeImage } from '../../media/image.ts'
import { f32, type Value } from '../../runtime/index.ts'
import { imageMean, imageStd } from '../mini/config.ts'

/** Pictures with what else is known of each, drawn when they are first asked for and kept. */
export interface PictureBank<Facts> {
  facts(index: number): Facts
  /** [indices * pictures of each, 3, side, side], normalised as fovea-mini's. */
  pixels(indices: readonly number[]): Value<Float32Array>
}

interface Drawn<Facts> {
  readonly images: readonly RgbImage[]
  readonly facts: Facts
}

/** @param draw the pictures of an index, as many for each, and what is known of them; a function of the index alone */
export function pictureBank<Facts>(side: number, draw: (index: number) => Drawn<Facts>): PictureBank<Facts> {
  const known = new Map<number, Drawn<Facts>>()
  const drawn = (index: number): Drawn<Facts> => {
    const found = known.get(index)
    if (found) return found
    const { images, facts } = draw(index)
    const made = { images: images.map((image) => resizeImage(image, side, side, 'bicubic')), facts }
    known.set(index, made)
    return made
  }
  return {
    facts: (index) => drawn(index).facts,
    pixels: (indices) => {
      const images = indices.flatMap((index) => drawn(index).images)
      const data = new Float32Array(images.length * 3 * side * side)
      for (const [at, image] of images.entries()) data.set(normalise(image, imageMean, imageStd), at * 3 * side * side)
      return f32([images.length, 3, side, side], data)
    },
  }
}

/** How pictures of this side become pixels, as preprocessor_config.json says it. */
export const preprocessorOf = (side: number): object => ({
  image_processor_type: 'CLIPImageProcessor',
  do_convert_rgb: true,
  do_resize: true,
  size: { height: side, width: side },
  resample: 3,
  do_center_crop: false,
  crop_size: { height: side, width: side },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [...imageMean],
  image_std: [...imageStd],
})
