import { z } from 'zod'
import { layerNormed, type Scope } from '../../nn/index.ts'
import { add, constant, gather, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, imageSide, parseConfig, size } from '../config.ts'
import type { EncoderStages, Grid } from '../vision-side.ts'
import { lastStates, type TowerFeatures } from './tower.ts'
import { encoderLayers, gridOf, patchEmbedding, type VisionTransformerConfig, visionFields } from './transformer.ts'

const schema = z.object({
  ...visionFields,
  hidden_size: size.default(1152),
  num_attention_heads: size.default(16),
  patch_size: imageSide.default(32),
  hidden_act: act.default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().positive().default(1e-6),
})

export function idefics3VisionConfig(raw: unknown, part: string): VisionTransformerConfig {
  const config = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return config
}

/**
 * SigLIP for images of any size (Idefics2, Laurencon et al., arXiv 2405.02246): pixels [b, 3, H, W] -> the hidden states
 * of all layers, and the last one normalised.
 */
export function idefics3Vision(
  p: Scope,
  config: VisionTransformerConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): TowerFeatures & { readonly output: Tensor } {
  const side = Math.floor(config.image_size / config.patch_size)
  const grid = gridOf(pixels, config.patch_size)
  const patches = patchEmbedding(p.at('embeddings', 'patch_embedding'), config, pixels, { bias: true })
  const table = p.at('embeddings', 'position_embedding')('weight', [side * side, config.hidden_size])
  const start = add(patches, gather(table, constant(positionIds(side, grid), [grid.rows * grid.columns], 'i64')))
  const features = encoderLayers(p.at('encoder'), config, { states: start, special: 0, grid }, stages)
  const output = layerNormed(p.at('post_layernorm'), lastStates(features), config.layer_norm_eps)
  return { ...features, output }
}

/** For each patch the learnt position nearest below its place in the image; positions are of side x side patches. */
export function positionIds(side: number, { rows, columns }: Grid): number[] {
  const [down, across] = [buckets(side, rows), buckets(side, columns)]
  return down.flatMap((row) => across.map((column) => row * side + column))
}

/**
 * torch.bucketize of `count` fractions of the image by the `side - 1` inner boundaries, in the single precision of the
 * reference: many fractions fall right onto a boundary, and rounding decides on which side.
 */
function buckets(side: number, count: number): number[] {
  const limits = boundaries(side)
  const step = Math.fround(1 / count)
  return Array.from({ length: count }, (_, index) => {
    const fraction = Math.min(Math.fround(index * step), Math.fround(1 - 1e-6))
    return limits.filter((limit) => limit <= fraction).length
  })
}

/** torch.arange(1 / side, 1, 1 / side) in f32: whole pairs of vectors of 8 are counted from their first, rounded, value. */
function boundaries(side: number): number[] {
  const step = 1 / side
  const count = Math.ceil((1 - step) / step)
  return Array.from({ length: count }, (_, index) => {
    const lane = index < count - (count % 16) ? index % 8 : 0
    const first = step + step * (index - lane)
    return Math.fround((lane ? Math.fround(first) : first) + step * lane)
  })
}
