import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { type ChannelValues, normalise, type RgbImage, resizeImage } from '../../media/image.ts'
import type { ResampleFilter } from '../../media/resample.ts'
import { imageSide } from '../config.ts'
import { type Box, type Extent, partOf, type View, wholeOf } from './view.ts'

const side = imageSide
/** A number of pixels in all. */
const pixels = z
  .int()
  .positive()
  .max(2 ** 27)
/** The fewest that any image is to have: every small one becomes as large. Published files ask for up to 200,000. */
const fewest = z
  .int()
  .positive()
  .max(2 ** 20)
/** Tiles or patches of one image. */
const tiles = z.int().positive().max(256)
const patches = z.int().positive().max(4096)
const area = z.union([
  side.transform((edge) => ({ height: edge, width: edge })),
  z.object({ height: side, width: side }),
  z.object({ shortest_edge: fewest, longest_edge: pixels }),
  z
    .object({ min_pixels: fewest, max_pixels: pixels })
    .transform(({ min_pixels, max_pixels }) => ({ shortest_edge: min_pixels, longest_edge: max_pixels })),
  z.object({ shortest_edge: side }),
  z.object({ longest_edge: side }),
])
const ofChannels = <Value extends z.ZodType>(value: Value) => z.tuple([value, value, value])

/** Files say null for what they leave to the default. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined)
const flag = (byDefault: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? byDefault)

const pixelFields = { size: optional(area), min_pixels: optional(fewest), max_pixels: optional(pixels) }

const frames = optional(z.int().positive().max(100_000))
const rate = optional(z.number().positive())

/** What the processors of videos have beside those of images; without a file of their own they read that for images. */
export const frameFields = {
  num_frames: frames,
  fps: rate,
  min_frames: frames,
  max_frames: frames,
  initial_shift: optional(z.union([z.boolean(), z.number().min(0)])),
  video_sampling: optional(z.object({ max_frames: frames, fps: rate, video_size: optional(area) })),
}

/** The fields of a processor's file that have a meaning here. */
export const pixelSchema = z.object({
  ...pixelFields,
  ...frameFields,
  image_mean: ofChannels(z.number()),
  image_std: ofChannels(z.number().positive()),
  do_rescale: flag(true),
  rescale_factor: optional(z.number().positive()),
  do_normalize: flag(true),
  resample: optional(z.int().min(0).max(5)),
  do_pad: flag(false),
  do_resize: flag(true),
  do_center_crop: flag(false),
  crop_size: optional(area),
  do_image_splitting: flag(true),
  image_grid_pinpoints: optional(z.array(z.tuple([side, side])).min(1)),
  max_image_size: optional(z.object({ longest_edge: side })),
  min_patches: optional(tiles),
  max_patches: optional(tiles),
  max_num_patches: optional(patches),
  patch_size: optional(side),
  merge_size: optional(side),
  temporal_patch_size: optional(side),
  video_processor: optional(z.looseObject({})),
})

/** What a file says about how large an image may be. */
export type PixelFields = z.output<z.ZodObject<typeof pixelFields>>

/** preprocessor_config.json (or `image_processor` of processor_config.json), checked. */
export type PreprocessorConfig = z.output<typeof pixelSchema>

/** Throws FoveaError `preprocessor_invalid` naming the field that does not fit. */
export const parsePreprocessor = (raw: unknown, folder: string): PreprocessorConfig =>
  parsed(pixelSchema, meant(raw ?? {}), `${folder}/preprocessor_config.json`)

/**
 * What a field means depends on the processor: a single number is both sides, but for those of CLIP and LLaVA the shorter
 * one; `do_pad` makes squares of images in LLaVA's, batches of one size in others; and that of SigLIP 2 is bilinear where
 * it does not say.
 */
function meant(raw: object): object {
  const { size, resample, image_processor_type, feature_extractor_type } = raw as Record<string, unknown>
  const type = String(image_processor_type ?? feature_extractor_type)
  const isLlava = /^LlavaImageProcessor/.test(type)
  const isShortest = (isLlava || type.startsWith('CLIP')) && typeof size === 'number'
  return {
    ...raw,
    ...(isShortest && { size: { shortest_edge: size } }),
    ...(!isLlava && { do_pad: false }),
    ...(type.startsWith('Siglip2') && { resample: resample ?? 2 }),
  }
}

/** Throws FoveaError `preprocessor_invalid` naming the field of the file that does not fit. */
export function parsed<Schema extends z.ZodType>(fields: Schema, raw: unknown, file: string): z.output<Schema> {
  const result = fields.safeParse(raw)
  if (result.success) return result.data
  const [{ path, message }] = result.error.issues
  throw new FoveaError('preprocessor_invalid', 'input', `${file}: ${path.join('.')}: ${message}`)
}

/** In the order of Pillow's numbers. */
const filters: readonly ResampleFilter[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming']

/** By Pillow's number; bicubic when absent. */
export const filterOf = ({ resample = 3 }: { readonly resample?: number }): ResampleFilter => filters[resample]

/**
 * The one view of CLIP's and SigLIP's processors: resized to a fixed size, or so that the shorter side has a given length
 * and then cut out of the middle. Without a config the image is resized to `imageSize`.
 */
export function singleView(given: RgbImage, config: PreprocessorConfig | undefined, imageSize: number): View {
  const { image, box } = config?.do_pad ? squareImage(given, config.image_mean) : { image: given, box: wholeOf(given) }
  const square = { height: imageSize, width: imageSize }
  const { size = square, do_resize = true, do_center_crop, crop_size } = config ?? {}
  const crop = do_center_crop && crop_size && 'height' in crop_size ? crop_size : undefined
  const target = 'height' in size ? size : 'shortest_edge' in size ? size.shortest_edge : square
  if (do_resize && typeof target !== 'number' && !crop) return { image, box, ...target }
  const scaled = do_resize ? resizedTo(image, target, filterOf(config ?? {})) : image
  if (!crop) return { image: scaled, box, width: scaled.width, height: scaled.height }
  const middle = middleOf(scaled, crop)
  return { image: cropImage(scaled, middle), box: partOf(box, scaled, middle), ...crop }
}

/** Above the largest views of published models (13 megapixels). */
const MAX_VIEW_PIXELS = 2 ** 25

/** Throws FoveaError `image_view_too_large` before pixels of such a size are made. */
export function assertViewSize({ width, height }: Extent): void {
  if (width * height <= MAX_VIEW_PIXELS) return
  const message = `the image processor would make ${width}x${height} pixels of this image; the limit is ${MAX_VIEW_PIXELS} in all; give an image that is less long`
  throw new FoveaError('image_view_too_large', 'input', message)
}

/** Bytes of an image as the model takes them, [3, height, width]: rescaled and normalised as far as the config says. */
export function modelPixels(image: RgbImage, config: PreprocessorConfig): Float32Array {
  const { do_rescale, rescale_factor, do_normalize, image_mean, image_std } = config
  const [mean, std]: ChannelValues[] = do_normalize
    ? [image_mean, image_std]
    : [
        [0, 0, 0],
        [1, 1, 1],
      ]
  return normalise(image, mean, std, do_rescale ? 1 / (rescale_factor ?? 1 / 255) : 1)
}

/** To a size, or so that the shorter side has a given length; the longer one is cut to a whole number of pixels. */
function resizedTo(image: RgbImage, target: Extent | number, filter: ResampleFilter): RgbImage {
  const { width, height } = typeof target === 'number' ? scaledToShortest(image, target) : target
  return resizeImage(image, width, height, filter)
}

function scaledToShortest({ width, height }: Extent, edge: number): Extent {
  const long = Math.floor((edge * Math.max(width, height)) / Math.min(width, height))
  const scaled = width <= height ? { width: edge, height: long } : { width: long, height: edge }
  assertViewSize(scaled)
  return scaled
}

/** The image in the middle of a square of the mean colour, and the part of it that this shows. */
export function squareImage(image: RgbImage, mean: readonly number[]): { image: RgbImage; box: Box } {
  const side = Math.max(image.width, image.height)
  const [left, top] = [Math.floor((side - image.width) / 2), Math.floor((side - image.height) / 2)]
  const colour = mean.map((value) => Math.trunc(value * 255))
  const box = { left: -left, top: -top, width: side, height: side }
  return { image: cropImage(image, box, colour), box }
}

/** Where the middle of an image lies; it reaches beyond one that is smaller. */
const middleOf = (image: Extent, { width, height }: Extent): Box => ({
  left: Math.floor((image.width - width) / 2),
  top: Math.floor((image.height - height) / 2),
  width,
  height,
})

/** A part of an image; of one colour, black unless stated, where the box reaches beyond it. */
export function cropImage(
  image: RgbImage,
  { left, top, width, height }: Box,
  colour: readonly number[] = [0, 0, 0],
): RgbImage {
  const data = new Uint8Array(width * height * 3)
  if (colour.some((value) => value > 0)) for (let at = 0; at < data.length; at++) data[at] = colour[at % 3]
  const [from, to] = [Math.max(0, left), Math.min(image.width, left + width)]
  for (let y = Math.max(0, -top); y < height && y + top < image.height; y++) {
    const row = (y + top) * image.width
    data.set(image.data.subarray((row + from) * 3, (row + to) * 3), (y * width + from - left) * 3)
  }
  return { data, width, height }
}
