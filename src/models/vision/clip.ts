import { z } from 'zod'
import { layerNormed, type Scope } from '../../nn/index.ts'
import { add, concat, expand, reshape, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, imageSide, parseConfig } from '../config.ts'
import type { EncoderStages, Grid } from '../vision-side.ts'
import { type TowerFeatures, towerKind, type VisionTower } from './tower.ts'
import {
  encoderLayers,
  gridOf,
  patchEmbedding,
  positionsWithClass,
  type VisionTransformerConfig,
  visionFields,
} from './transformer.ts'

/** `vision_config` of a CLIP checkpoint. */
export type ClipVisionConfig = VisionTransformerConfig

const schema = z.object({
  ...visionFields,
  patch_size: imageSide.default(32),
  hidden_act: act.default('quick_gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
})

export function clipVisionConfig(raw: unknown, part: string): ClipVisionConfig {
  const config = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return config
}

/** CLIP ViT (arXiv 2103.00020, section 2.4): pixels [b, 3, H, W] -> the hidden states of all layers; token 0 is CLS. */
export function clipVision(p: Scope, config: ClipVisionConfig, pixels: Tensor, stages?: EncoderStages): TowerFeatures {
  const { hidden_size: width, layer_norm_eps: epsilon, patch_size } = config
  const grid = gridOf(pixels, patch_size)
  const patches = patchEmbedding(p.at('embeddings', 'patch_embedding'), config, pixels, { bias: false })
  const batch = pixels.shape[0]
  const cls = expand(reshape(p.at('embeddings')('class_embedding', [width]), [1, 1, width]), [batch, 1, width])
  const positions = positionEmbedding(p.at('embeddings', 'position_embedding'), config, grid)
  const start = layerNormed(p.at('pre_layrnorm'), add(concat([cls, patches], 1), positions), epsilon)
  return encoderLayers(p.at('encoder'), config, { states: start, special: 1, grid }, stages)
}

/** Learnt positions [1 + n, d], of CLS first. */
function positionEmbedding(p: Scope, config: ClipVisionConfig, grid: Grid): Tensor {
  const side = Math.floor(config.image_size / config.patch_size)
  const table = p('weight', [side * side + 1, config.hidden_size])
  return positionsWithClass(table, side, grid)
}

export function clipTower(raw: unknown, part: string): VisionTower {
  const config = clipVisionConfig(raw, part)
  return {
    imageSize: config.image_size,
    patchSize: config.patch_size,
    special: 1,
    ignored: ['post_layernorm.'],
    encode: (p, pixels, stages) => clipVision(p, config, pixels, stages),
  }
}

export const clipKind = towerKind({ modelType: 'clip_vision_model', read: clipTower })
