import { type PreprocessorConfig, parsePreprocessor } from '../views/image-processor.ts'
import type { VisionTower } from './tower.ts'
import { visionTowerOf } from './towers.ts'

/** A vision encoder that a method may put beside a model's own. */
export interface Expert {
  readonly tower: VisionTower
  /** Pixels along a side of what it sees. */
  readonly side: number
  readonly processor: PreprocessorConfig
}

const processorOf = (mean: number[], std: number[]) =>
  parsePreprocessor({ image_mean: mean, image_std: std, resample: 3 }, 'experts')

const PROCESSORS = {
  dinov2: processorOf([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  siglip: processorOf([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
}

/** Fields of a `vision_config`. */
type Sizes = Readonly<Record<string, number>>

function pair(side: number, dinov2: Sizes, siglip: Sizes): Readonly<Record<string, Expert>> {
  const tower = (model_type: string, sizes: Sizes) => visionTowerOf({ model_type, ...sizes }, `experts.${model_type}`)
  return {
    dinov2: { tower: tower('dinov2_with_registers', dinov2), side, processor: PROCESSORS.dinov2 },
    siglip: { tower: tower('siglip_vision_model', siglip), side, processor: PROCESSORS.siglip },
  }
}

const LAYERS = { hidden_size: 96, intermediate_size: 192, num_hidden_layers: 3, num_attention_heads: 4, image_size: 96 }

/** DINOv2 and SigLIP beside a model's own encoder: `small` is of the size of the embedded model; `paper` is ViT-L/14 with registers and ViT-B/16, at 224 pixels. */
export const experts = {
  small: pair(96, { ...LAYERS, mlp_ratio: 2, patch_size: 8 }, { ...LAYERS, patch_size: 12 }),
  paper: pair(
    224,
    { hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, image_size: 518, patch_size: 14 },
    { image_size: 224, patch_size: 16 },
  ),
}
