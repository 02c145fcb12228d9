import { z } from 'zod'
import { chosenBy, configError, parseConfig } from '../config.ts'
import { towerKinds } from './index.generated.ts'
import type { VisionTower } from './tower.ts'

const byType = Object.fromEntries(towerKinds.map((kind) => [kind.modelType, kind]))

const typed = z.looseObject({ model_type: z.string().default('clip_vision_model') })

/** The vision encoder that `vision_config` describes. Throws FoveaError `config_invalid` naming the field that does not fit. */
export function visionTowerOf(raw: unknown, part: string): VisionTower {
  const config = parseConfig(typed, raw, part)
  const tower = chosenBy(byType, config.model_type, part).read(config, part)
  if (tower.patchSize <= tower.imageSize) return tower
  throw configError(`${part}.patch_size`, `${tower.patchSize} is more than image_size ${tower.imageSize}`)
}
