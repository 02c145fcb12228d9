import { z } from 'zod'
import { configError, parseConfig, size } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import { filterOf, type PreprocessorConfig } from '../image-processor.ts'
import { visionTowerOf } from '../vision/towers.ts'
import { anyResolutionViews, assertTiles, bestResolution, type Pinpoint, packTiles } from './any-resolution.ts'
import { llavaArchitecture, llavaFields, llavaWeightName } from './llava.ts'

/**
 * LLaVA-NeXT, or LLaVA 1.6 (Liu et al., LLaVA-NeXT: Improved reasoning, OCR, and world knowledge, 2024): the whole image
 * small, then its tiles at the best of several resolutions, without the padding and with a learnt token after each row.
 */
const schema = z.object({
  model_type: z.literal('llava_next'),
  ...llavaFields,
  image_grid_pinpoints: z
    .array(z.tuple([size, size]))
    .min(1)
    .nullish()
    .transform((value) => value ?? PINPOINTS),
})

const PINPOINTS: Pinpoint[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
]

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const base = llavaArchitecture(config)
  const { special } = visionTowerOf(config.vision_config, 'vision_config')
  if (special > 0 && config.vision_feature_select_strategy === 'full')
    throw configError('vision_feature_select_strategy', '"full" keeps a CLS token, which has no place among the tiles')
  const tile = base.viewSize
  const offered = processor?.image_grid_pinpoints ?? config.image_grid_pinpoints
  assertTiles(offered, tile, processor)
  const filter = filterOf(processor ?? {})
  return {
    ...base,
    name: 'llava_next',
    views: (image) => anyResolutionViews(image, bestResolution(image, offered), tile, filter),
    pack: (image, views) => packTiles(image, views, base.grid),
    separator: (p) => p('image_newline', [base.hiddenSize]),
  }
}

export const llavaNext = family({ id: 'llava-next', modelTypes: ['llava_next'], weightName: llavaWeightName, bind })
