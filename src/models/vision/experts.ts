import { type PreprocessorConfig, parsePreprocessor } from '../views/image-processor.ts'
import type { VisionTower } from './tower.ts'
import { visionTowerOf } from './towers.ts'

/** A vision encoder that a method may put beside a model's own. */
export interface Expert {
  readonly tower: VisionTower
  /** Pixels along a side of what it sees. */
  readonly side: number
  /** How the pixels of that are made. */
  readonly processor: PreprocessorConfig
}

export const EXPERTS = ['dinov2', 'siglip', 'clip'] as const
export type ExpertKind = (typeof EXPERTS)[number]

const processorOf = (mean: number[], std: number[]) =>
  parsePreprocessor({ image_mean: mean, image_std: std, resample: 3 }, 'experts')

const PROCESSORS: Readonly<Record<ExpertKind, PreprocessorConfig>> = {
  dinov2: processorOf([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  siglip: processorOf([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
  clip: processorOf([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
}

const MODEL_TYPES: Readonly<Record<ExpertKind, string>> = {
  dinov2: 'dinov2_with_registers',
  siglip: 'siglip_vision_model',
  clip: 'clip_vision_model',
}

/** Fields of a `vision_config`. */
type Fields = Readonly<Record<string, number | string>>

const SMALL = { hidden_size: 96, intermediate_size: 192, num_hidden_layers: 3, num_attention_heads: 4, image_size: 96 }
const LARGE = { hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24, num_attention_heads: 16 }

/** `small` is of the size of the embedded model; `paper` is ViT-L/14, with registers for DINOv2, and ViT-B/16 for SigLIP. */
const SIZES = {
  small: {
    side: 96,
    dinov2: { ...SMALL, mlp_ratio: 2, patch_size: 8 },
    siglip: { ...SMALL, patch_size: 12 },
    clip: { ...SMALL, patch_size: 8 },
  },
  paper: {
    side: 224,
    dinov2: { ...LARGE, image_size: 518, patch_size: 14 },
    siglip: { image_size: 224, patch_size: 16 },
    clip: { ...LARGE, image_size: 224, patch_size: 14, hidden_act: 'quick_gelu' },
  },
} satisfies Readonly<Record<string, Readonly<Record<ExpertKind, Fields>> & { readonly side: number }>>

export type ExpertSize = keyof typeof SIZES

/** One encoder of a kind and a size, at 96 or 224 pixels. */
export function expertOf(kind: ExpertKind, size: ExpertSize): Expert {
  const { side, [kind]: fields } = SIZES[size]
  const model_type = MODEL_TYPES[kind]
  return { tower: visionTowerOf({ model_type, ...fields }, `experts.${kind}`), side, processor: PROCESSORS[kind] }
}
