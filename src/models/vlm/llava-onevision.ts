import { z } from 'zod'
import type { RgbImage } from '../../media/image.ts'
import { evenFrames } from '../../media/video/sampling.ts'
import { configError, parseConfig, size } from '../config.ts'
import { type Architecture, family, type View } from '../family.ts'
import { cropImage, filterOf, type PreprocessorConfig } from '../image-processor.ts'
import { samplingDefaults } from '../video-processor.ts'
import { visionTowerOf } from '../vision/towers.ts'
import {
  anyResolutionViews,
  assertTiles,
  bestResolution,
  type Pinpoint,
  packFrames,
  packTiles,
} from './any-resolution.ts'
import { llavaArchitecture, llavaFields, llavaWeightName } from './llava.ts'

/**
 * LLaVA-OneVision (Li et al., LLaVA-OneVision: Easy Visual Task Transfer, arXiv 2408.03326): the tiles of LLaVA-NeXT,
 * resampled where there are many; several images of one prompt are one view each, and so are the frames of a video.
 */
const schema = z.object({
  model_type: z.literal('llava_onevision'),
  ...llavaFields,
  image_token_index: z.int().nonnegative().default(151646),
  video_token_index: z.int().nonnegative().default(151647),
  vision_feature_layer: llavaFields.vision_feature_layer.default(-1),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('full'),
  vision_aspect_ratio: z
    .string()
    .regex(/^anyres_max_\d+$/, 'only "anyres_max_" and a number is supported')
    .default('anyres_max_9'),
  image_grid_pinpoints: z
    .array(z.tuple([size, size]))
    .min(1)
    .nullish()
    .transform((value) => value ?? PINPOINTS),
})

const SIDES = [384, 768, 1152, 1536, 1920, 2304]
const PINPOINTS: Pinpoint[] = SIDES.flatMap((height) => SIDES.map((width): Pinpoint => [height, width]))

/** The image in the middle of a square of the mean colour. */
function squareView(image: RgbImage, mean: readonly number[], tile: number): View {
  const side = Math.max(image.width, image.height)
  const [left, top] = [Math.floor((side - image.width) / 2), Math.floor((side - image.height) / 2)]
  const colour = mean.map((value) => Math.trunc(value * 255))
  const square = cropImage(image, { left: -left, top: -top, width: side, height: side }, colour)
  return { image: square, width: tile, height: tile }
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const parsed = parseConfig(schema, raw)
  const vision_config = { model_type: 'siglip_vision_model', ...parsed.vision_config }
  const config = { ...parsed, vision_config, text_config: { model_type: 'qwen2', ...parsed.text_config } }
  const { special } = visionTowerOf(vision_config, 'vision_config')
  if (special > 0 && config.vision_feature_select_strategy === 'full')
    throw configError('vision_feature_select_strategy', '"full" keeps a CLS token, which has no place among the tiles')
  const base = llavaArchitecture(config)
  const tile = base.viewSize
  const offered = processor?.image_grid_pinpoints ?? config.image_grid_pinpoints
  assertTiles(offered, tile, processor)
  const filter = filterOf(processor ?? {})
  const mean = processor?.image_mean ?? [0, 0, 0]
  const mostTiles = Number(config.vision_aspect_ratio.replace('anyres_max_', ''))
  return {
    ...base,
    name: 'llava_onevision',
    views: (image) => anyResolutionViews(image, bestResolution(image, offered), tile, filter),
    viewsOfSeveral: (image) => [squareView(image, mean, tile)],
    pack: (image, views) => packTiles(image, views, base.grid, mostTiles),
    video: {
      sampler: evenFrames(samplingDefaults(processor, { frames: 32 })),
      token: config.video_token_index,
      views: ({ frames }) => frames.map((image) => ({ image, width: tile, height: tile })),
      pack: (views) => packFrames(views, base.grid),
    },
    separator: (p) => p('image_newline', [base.hiddenSize]),
  }
}

export const llavaOnevision = family({
  id: 'llava-onevision',
  modelTypes: ['llava_onevision'],
  weightName: llavaWeightName,
  bind,
})
