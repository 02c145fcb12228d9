import { z } from 'zod'
import { activation, attentionScores, layerNormed, linear, type Scope, splitHeads } from '../../nn/index.ts'
import { add, concat, expand, fullAttention, reshape, softmax, split, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, configError, imageSide, layerCount, parseConfig, size } from '../config.ts'
import { type EncoderStages, type Grid, throughEncoder } from '../vision-side.ts'
import { lastStates, type TowerFeatures } from './tower.ts'
import { gridOf, patchEmbedding, positionsWithClass, visionFields } from './transformer.ts'

const schema = z.object({
  ...visionFields,
  hidden_size: size.default(1408),
  intermediate_size: size.default(6144),
  num_hidden_layers: layerCount.default(39),
  num_attention_heads: size.default(16),
  patch_size: imageSide.default(14),
  hidden_act: act.default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-6),
  qkv_bias: z.boolean().default(true),
})

export type BlipVisionConfig = z.output<typeof schema>

/** `vision_config`, checked. Throws FoveaError `config_invalid` naming the field that does not fit. */
export function blipVisionConfig(raw: unknown, part: string): BlipVisionConfig {
  const config = parseConfig(schema, raw, part)
  const { image_size, patch_size, hidden_size, num_attention_heads } = config
  if (image_size % patch_size)
    throw configError(`${part}.patch_size`, `${patch_size} does not divide image_size ${image_size}`)
  assertHeads(num_attention_heads, hidden_size, part)
  return config
}

/**
 * The ViT of EVA-CLIP (Fang et al., arXiv 2211.07636) as BLIP-2 takes it: pixels [b, 3, H, W] -> the hidden states of all
 * layers, and the last one normalised; token 0 is CLS. Queries, keys and values are one projection.
 */
export function blipVision(
  p: Scope,
  config: BlipVisionConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): TowerFeatures & { readonly output: Tensor } {
  const grid = gridOf(pixels, config.patch_size)
  const start = embedPatches(p.at('embeddings'), config, pixels, grid)
  const run = (index: number, states: Tensor) => encoderLayer(p.at('encoder', 'layers', index), config, states)
  const through = throughEncoder({ states: start, special: 1, grid }, config.num_hidden_layers, stages, run)
  const output = layerNormed(p.at('post_layernorm'), lastStates(through), config.layer_norm_eps)
  return { ...through, grid, output }
}

/** CLS and patches with their positions, which are resampled for a grid of another size. */
function embedPatches(p: Scope, config: BlipVisionConfig, pixels: Tensor, grid: Grid): Tensor {
  const { hidden_size: width, image_size, patch_size } = config
  const side = image_size / patch_size
  const patches = patchEmbedding(p.at('patch_embedding'), config, pixels, { bias: true })
  const cls = expand(p('class_embedding', [1, 1, width]), [pixels.shape[0], 1, width])
  const table = reshape(p('position_embedding', [1, side * side + 1, width]), [side * side + 1, width])
  return add(concat([cls, patches], 1), positionsWithClass(table, side, grid))
}

function encoderLayer(p: Scope, config: BlipVisionConfig, x: Tensor) {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const normed = layerNormed(p.at('layer_norm1'), x, epsilon)
  const projected = linear(p.at('self_attn', 'qkv'), normed, 3 * width, config.qkv_bias)
  const [queries, keys, values] = split(projected, 2, [width, width, width])
  const logits = attentionScores(splitHeads(queries, heads), splitHeads(keys, heads))
  const attention = softmax(logits)
  const mixed = fullAttention(queries, keys, values, heads)
  const attended = add(x, linear(p.at('self_attn', 'projection'), mixed, width))

  const normedAgain = layerNormed(p.at('layer_norm2'), attended, epsilon)
  const inner = activation(config.hidden_act)(linear(p.at('mlp', 'fc1'), normedAgain, config.intermediate_size))
  return { hidden: add(attended, linear(p.at('mlp', 'fc2'), inner, width)), keys, attention, logits }
}
