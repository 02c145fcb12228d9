import { z } from 'zod'
import { configError, parseConfig, size, withTokenIndices } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { anyResolutionViews, assertTiles, bestResolution, type Pinpoint, packTiles } from '../views/any-resolution.ts'
import { filterOf, type PreprocessorConfig } from '../views/image-processor.ts'
import { visionTowerOf } from '../vision/towers.ts'
import { type LlavaFields, llavaArchitecture, llavaFields, llavaWeightName } from './llava.ts'

/**
 * LLaVA-NeXT, or LLaVA 1.6 (Liu et al., LLaVA-NeXT: Improved reasoning, OCR, and world knowledge, 2024): the whole image
 * small, then its tiles at the best of several resolutions, without the padding and with a learnt token after each row.
 */
const PINPOINTS: Pinpoint[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
]

/** Resolutions of `config.json`, or those that a family has where the file leaves them out. */
export const pinpoints = (byDefault: Pinpoint[]) =>
  z
    .array(z.tuple([size, size]))
    .min(1)
    .nullish()
    .transform((value) => value ?? byDefault)

const schema = z.object({
  model_type: z.literal('llava_next'),
  ...llavaFields,
  image_grid_pinpoints: pinpoints(PINPOINTS),
})

interface TiledConfig extends LlavaFields {
  readonly image_grid_pinpoints: readonly Pinpoint[]
}

/** A LLaVA that sees an image as a whole and in tiles. Images of more than `mostTiles` tiles are resampled to their size. */
export function tiledArchitecture(
  config: TiledConfig,
  processor: PreprocessorConfig | undefined,
  mostTiles?: number,
): Architecture {
  const { vision, prompt, language } = llavaArchitecture(config)
  const { special } = visionTowerOf(config.vision_config, 'vision_config')
  if (special > 0 && config.vision_feature_select_strategy === 'full')
    throw configError('vision_feature_select_strategy', '"full" keeps a CLS token, which has no place among the tiles')
  const tile = vision.viewSize
  const offered = processor?.image_grid_pinpoints ?? config.image_grid_pinpoints
  assertTiles(offered, tile, processor)
  const filter = filterOf(processor ?? {})
  return {
    name: 'llava_next',
    vision: { ...vision, separator: (p) => p('image_newline', [language.hiddenSize]) },
    prompt: {
      ...prompt,
      views: (image) => anyResolutionViews(image, bestResolution(image, offered), tile, filter),
      pack: (image, views) => packTiles(image, views, vision.grid, mostTiles),
    },
    language,
  }
}

const bind = (raw: unknown, processor?: PreprocessorConfig): Architecture =>
  tiledArchitecture(parseConfig(schema, withTokenIndices(raw)), processor)

export const llavaNext = family({ id: 'llava-next', modelTypes: ['llava_next'], weightName: llavaWeightName, bind })
