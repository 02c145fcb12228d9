import { z } from 'zod'
import { layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, conv2d, type Dim, fixedDim, gelu, reshape, type Tensor, transpose } from '../../tensor/index.ts'
import { act, assertHeads, configError, parseConfig, size } from '../config.ts'
import type { EncoderStages } from '../vision-side.ts'
import { type TowerFeatures, towerKind, type VisionTower } from './tower.ts'
import { encoderLayers, resampledPositions, type VisionTransformerConfig, visionFields } from './transformer.ts'

/**
 * A convolutional hybrid: stages of depthwise convolutions, each at half the resolution of the one before (ConvNeXt, Liu et
 * al., arXiv 2201.03545, section 2.6, the block), then a transformer over what is left, as FastViTHD has it (arXiv
 * 2412.13303, section 3.2). The form is Fovea's own.
 */
export interface ConvHybridConfig extends VisionTransformerConfig {
  /** Channels of each convolutional stage; the picture is halved before each of them. */
  readonly stage_widths: readonly number[]
  /** Blocks in each. */
  readonly stage_depths: readonly number[]
}

const schema = z.object({
  ...visionFields,
  stage_widths: z.array(size).min(1).max(5),
  stage_depths: z.array(z.int().nonnegative()).min(1).max(5),
  hidden_act: act.default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
})

export function convHybridConfig(raw: unknown, part: string): ConvHybridConfig {
  const config = parseConfig(schema, raw, part)
  const { stage_widths: widths, stage_depths: depths, image_size } = config
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  if (depths.length !== widths.length)
    throw configError(`${part}.stage_depths`, `there are ${depths.length}, and ${widths.length} stage_widths`)
  const patch_size = 2 ** widths.length
  if (image_size % patch_size !== 0)
    throw configError(`${part}.image_size`, `${image_size} cannot be halved ${widths.length} times`)
  return { ...config, patch_size }
}

/** Pixels [b, 3, H, W] -> hidden states of the layers of its transformer; there are no special tokens. */
export function convHybrid(p: Scope, config: ConvHybridConfig, pixels: Tensor, stages?: EncoderStages): TowerFeatures {
  const { stage_widths: widths, stage_depths: depths, hidden_size: width, image_size, patch_size } = config
  let maps = pixels
  for (const [stage, channels] of widths.entries()) {
    const scope = p.at('stages', stage)
    maps = halved(scope.at('downsample'), maps, channels, stage === 0 ? 3 : widths[stage - 1])
    for (let block = 0; block < depths[stage]; block++) maps = convBlock(scope.at('blocks', block), maps, channels)
  }
  const grid = { rows: fixedDim('vision', maps, 2), columns: fixedDim('vision', maps, 3) }
  const side = image_size / patch_size
  const table = p.at('position_embedding')('weight', [side * side, width])
  const states = add(linear(p.at('projection'), tokensOf(maps), width), resampledPositions(table, side, grid))
  return encoderLayers(p.at('encoder'), config, { states, special: 0, grid }, stages)
}

/** Squares of 2 x 2 as one: [b, in, h, w] -> [b, out, h / 2, w / 2]. */
const halved = (p: Scope, maps: Tensor, out: number, channels: number): Tensor =>
  conv2d(maps, p('weight', [out, channels, 2, 2]), { stride: 2, bias: p('bias', [out]) })

/** x + MLP(norm(depthwise 3 x 3 (x))). */
function convBlock(p: Scope, maps: Tensor, channels: number): Tensor {
  const mixed = conv2d(maps, p.at('depthwise')('weight', [channels, 1, 3, 3]), {
    padding: 1,
    groups: channels,
    bias: p.at('depthwise')('bias', [channels]),
  })
  const inner = gelu(linear(p.at('fc1'), layerNormed(p.at('norm'), tokensOf(mixed)), 2 * channels))
  return add(maps, mapsOf(linear(p.at('fc2'), inner, channels), maps.shape))
}

/** [b, c, h, w] -> [b, h w, c], raster order. */
function tokensOf(maps: Tensor): Tensor {
  const [batch, channels] = maps.shape
  const count = fixedDim('vision', maps, 2) * fixedDim('vision', maps, 3)
  return transpose(reshape(maps, [batch, channels, count]), [0, 2, 1])
}

const mapsOf = (tokens: Tensor, shape: readonly Dim[]): Tensor => reshape(transpose(tokens, [0, 2, 1]), [...shape])

export function convHybridTower(raw: unknown, part: string): VisionTower {
  const config = convHybridConfig(raw, part)
  return {
    imageSize: config.image_size,
    patchSize: config.patch_size,
    special: 0,
    ignored: [],
    encode: (p, pixels, stages) => convHybrid(p, config, pixels, stages),
  }
}

export const convHybridKind = towerKind({ modelType: 'conv_hybrid_vision_model', read: convHybridTower })
