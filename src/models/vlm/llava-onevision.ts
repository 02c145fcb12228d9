import { z } from 'zod'
import { evenFrames } from '../../media/video/sampling.ts'
import { parseConfig, withTokenIndices } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { type Pinpoint, packFrames } from '../views/any-resolution.ts'
import { type PreprocessorConfig, squareImage } from '../views/image-processor.ts'
import { samplingDefaults } from '../views/video-processor.ts'
import { llavaFields, llavaWeightName } from './llava.ts'
import { pinpoints, tiledArchitecture } from './llava-next.ts'

/**
 * LLaVA-OneVision (Li et al., LLaVA-OneVision: Easy Visual Task Transfer, arXiv 2408.03326): the tiles of LLaVA-NeXT,
 * resampled where there are many; several images of one prompt are one view each, and so are the frames of a video.
 */
const SIDES = [384, 768, 1152, 1536, 1920, 2304]
const PINPOINTS: Pinpoint[] = SIDES.flatMap((height) => SIDES.map((width): Pinpoint => [height, width]))

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
  image_grid_pinpoints: pinpoints(PINPOINTS),
})

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const parsed = parseConfig(schema, withTokenIndices(raw))
  const vision_config = { model_type: 'siglip_vision_model', ...parsed.vision_config }
  const config = { ...parsed, vision_config, text_config: { model_type: 'qwen2', ...parsed.text_config } }
  const mostTiles = Number(config.vision_aspect_ratio.replace('anyres_max_', ''))
  const { vision, prompt, language } = tiledArchitecture(config, processor, mostTiles)
  const tile = vision.viewSize
  const mean = processor?.image_mean ?? [0, 0, 0]
  return {
    name: 'llava_onevision',
    vision,
    prompt: {
      ...prompt,
      viewsOfSeveral: (image) => [{ ...squareImage(image, mean), width: tile, height: tile }],
      video: {
        sampler: evenFrames(samplingDefaults(processor, { frames: 32 })),
        token: config.video_token_index,
        views: ({ frames }) => frames.map((image) => ({ image, width: tile, height: tile })),
        pack: (views) => packFrames(views, vision.grid),
      },
    },
    language,
  }
}

export const llavaOnevision = family({
  id: 'llava-onevision',
  modelTypes: ['llava_onevision'],
  weightName: llavaWeightName,
  bind,
})
