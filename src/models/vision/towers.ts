import { z } from 'zod'
import { chosenBy, configError, parseConfig } from '../config.ts'
import { clipTower } from './clip.ts'
import { dinov2RegistersTower, dinov2Tower } from './dinov2.ts'
import { siglipTower } from './siglip.ts'
import type { VisionTower } from './tower.ts'

/** How the vision encoder of each `model_type` is read. */
const towers: Readonly<Record<string, (raw: unknown, part: string) => VisionTower>> = {
  clip_vision_model: clipTower,
  siglip_vision_model: siglipTower,
  dinov2: dinov2Tower,
  dinov2_with_registers: dinov2RegistersTower,
}

const typed = z.looseObject({ model_type: z.string().default('clip_vision_model') })

/** The vision encoder that `vision_config` describes. Throws FoveaError `config_invalid` naming the field that does not fit. */
export function visionTowerOf(raw: unknown, part: string): VisionTower {
  const config = parseConfig(typed, raw, part)
  const tower = chosenBy(towers, config.model_type, part)(config, part)
  if (tower.patchSize <= tower.imageSize) return tower
  throw configError(`${part}.patch_size`, `${tower.patchSize} is more than image_size ${tower.imageSize}`)
}
