import { z } from 'zod'
import type { Scope } from '../../nn/index.ts'
import { add, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, imageSide, parseConfig } from '../config.ts'
import type { EncoderStages } from '../vision-side.ts'
import { type TowerFeatures, towerKind, type VisionTower } from './tower.ts'
import {
  encoderLayers,
  gridOf,
  patchEmbedding,
  resampledPositions,
  type VisionTransformerConfig,
  visionFields,
} from './transformer.ts'

const schema = z.object({
  ...visionFields,
  patch_size: imageSide.default(16),
  hidden_act: act.default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().positive().default(1e-6),
})

export function siglipVisionConfig(raw: unknown, part: string): VisionTransformerConfig {
  const config = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return config
}

/**
 * SigLIP ViT (Zhai et al., arXiv 2303.15343): pixels [b, 3, H, W] -> the hidden states of all layers, before the last
 * norm. It has no CLS token.
 */
export function siglipVision(
  p: Scope,
  config: VisionTransformerConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): TowerFeatures {
  const side = Math.floor(config.image_size / config.patch_size)
  const grid = gridOf(pixels, config.patch_size)
  const patches = patchEmbedding(p.at('embeddings', 'patch_embedding'), config, pixels, { bias: true })
  const table = p.at('embeddings', 'position_embedding')('weight', [side * side, config.hidden_size])
  const start = add(patches, resampledPositions(table, side, grid))
  return encoderLayers(p.at('encoder'), config, { states: start, special: 0, grid }, stages)
}

export function siglipTower(raw: unknown, part: string): VisionTower {
  const config = siglipVisionConfig(raw, part)
  return {
    imageSize: config.image_size,
    patchSize: config.patch_size,
    special: 0,
    ignored: ['post_layernorm.', 'head.'],
    encode: (p, pixels, stages) => siglipVision(p, config, pixels, stages),
  }
}

export const siglipKind = towerKind({ modelType: 'siglip_vision_model', read: siglipTower })
