import { z } from 'zod'
import { activation, attentionScores, layerNormed, linear, rmsNormed, type Scope, splitHeads } from '../../nn/index.ts'
import { add, concat, expand, fullAttention, mul, reshape, softmax, split, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, imageSide, layerCount, parseConfig, size } from '../config.ts'
import { type EncoderStages, type Grid, type Patches, throughEncoder } from '../vision-side.ts'
import { lastStates, type TowerFeatures } from './tower.ts'
import { gridOf, patchEmbedding, positionsWithClass, visionFields } from './transformer.ts'

/** A side in pixels; files give one number or height and width. */
const square = z
  .union([imageSide, z.tuple([imageSide, imageSide])])
  .refine((side) => typeof side === 'number' || side[0] === side[1], 'only squares are supported')
  .transform((side) => [side].flat()[0])

const schema = z.object({
  ...visionFields,
  hidden_size: size.default(1024),
  intermediate_size: size.default(4096),
  num_hidden_layers: layerCount.default(24),
  num_attention_heads: size.default(16),
  image_size: square.default(448),
  patch_size: square.default(14),
  hidden_act: act.default('gelu'),
  attention_bias: z.boolean().default(false),
  use_qk_norm: z.boolean().default(false),
  norm_type: z.enum(['layer_norm', 'rms_norm']).default('layer_norm'),
  layer_norm_eps: z.number().positive().default(1e-6),
  use_absolute_position_embeddings: z.boolean().default(true),
  use_mean_pooling: z.boolean().default(true),
  /** One matrix for queries, keys and values. */
  fused_projections: z.boolean().default(false),
})

export type InternVisionConfig = z.output<typeof schema>

export function internVisionConfig(raw: unknown, part: string): InternVisionConfig {
  const config = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return config
}

/**
 * InternViT (Chen et al., InternVL, arXiv 2312.14238): pixels [b, 3, H, W] -> the hidden states of all layers; token 0 is
 * CLS. Each layer scales what it adds by learnt factors.
 */
export function internVision(
  p: Scope,
  config: InternVisionConfig,
  pixels: Tensor,
  stages?: EncoderStages,
): TowerFeatures {
  const { hidden_size: width, patch_size } = config
  const grid = gridOf(pixels, patch_size)
  const names = p.at('embeddings')
  const patches = patchEmbedding(names.at('patch_embeddings', 'projection'), config, pixels, { bias: true })
  const cls = expand(names('cls_token', [1, 1, width]), [pixels.shape[0], 1, width])
  const tokens = concat([cls, patches], 1)
  const placed = config.use_absolute_position_embeddings ? add(tokens, positionEmbedding(names, config, grid)) : tokens
  const start: Patches = { states: placed, special: 1, grid }
  const run = (index: number, states: Tensor) => encoderLayer(p.at('encoder', 'layer', index), config, states)
  return { ...throughEncoder(start, config.num_hidden_layers, stages, run), grid }
}

/** The last hidden states; encoders that do not pool normalise them. */
export function internVisionOutput(p: Scope, config: InternVisionConfig, features: TowerFeatures): Tensor {
  const last = lastStates(features)
  return config.use_mean_pooling ? last : layerNormed(p.at('layernorm'), last, config.layer_norm_eps)
}

/** Learnt positions [1 + n, d], of CLS first. */
function positionEmbedding(p: Scope, { image_size, patch_size, hidden_size }: InternVisionConfig, grid: Grid): Tensor {
  const side = Math.floor(image_size / patch_size)
  const table = reshape(p('position_embeddings', [1, side * side + 1, hidden_size]), [side * side + 1, hidden_size])
  return positionsWithClass(table, side, grid)
}

function encoderLayer(p: Scope, config: InternVisionConfig, x: Tensor) {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const norm = config.norm_type === 'rms_norm' ? rmsNormed : layerNormed
  const scaled = (name: string, y: Tensor) => mul(y, p(name, [width]))
  const inner = norm(p.at('layernorm_before'), x, epsilon)
  // One norm over all heads together, before they are split.
  const normed = (name: string, y: Tensor) => (config.use_qk_norm ? rmsNormed(p.at('attention', name), y) : y)
  const [q, k, values] = project(p.at('attention'), config, inner)
  const [queries, keys] = [normed('q_norm', q), normed('k_norm', k)]
  const logits = attentionScores(splitHeads(queries, heads), splitHeads(keys, heads))
  const attention = softmax(logits)
  const mixed = fullAttention(queries, keys, values, heads)
  const attended = add(x, scaled('lambda_1', linear(p.at('attention', 'projection_layer'), mixed, width)))
  const after = norm(p.at('layernorm_after'), attended, epsilon)
  const hidden = add(attended, scaled('lambda_2', feedForward(p.at('mlp'), config, after)))
  return { hidden, keys: k, attention, logits }
}

/** Queries, keys and values, [b, n, d] each. */
function project(p: Scope, config: InternVisionConfig, x: Tensor): Tensor[] {
  const { hidden_size: width, attention_bias: bias } = config
  if (config.fused_projections) return split(linear(p.at('qkv'), x, 3 * width, bias), 2, [width, width, width])
  return ['q_proj', 'k_proj', 'v_proj'].map((name) => linear(p.at(name), x, width, bias))
}

function feedForward(p: Scope, config: InternVisionConfig, x: Tensor): Tensor {
  const inner = activation(config.hidden_act)(linear(p.at('fc1'), x, config.intermediate_size))
  return linear(p.at('fc2'), inner, config.hidden_size)
}
