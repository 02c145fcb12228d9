import { z } from 'zod'
import { activation, attentionScores, layerNormed, linear, type Scope, splitHeads } from '../../nn/index.ts'
import {
  add,
  concat,
  expand,
  fullAttention,
  mul,
  reshape,
  silu,
  slice,
  softmax,
  type Tensor,
} from '../../tensor/index.ts'
import { act, assertHeads, imageSide, parseConfig } from '../config.ts'
import { type EncoderStages, type Grid, type Patches, throughEncoder } from '../vision-side.ts'
import { antialiasedMatrix, interpolationMatrix } from './positions.ts'
import { type TowerFeatures, towerKind, type VisionTower } from './tower.ts'
import { gridOf, patchEmbedding, resampledPositions, visionFields } from './transformer.ts'

const schema = z.object({
  ...visionFields,
  patch_size: imageSide.optional(),
  mlp_ratio: z.number().positive().default(4),
  hidden_act: act.default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-6),
  qkv_bias: z.boolean().default(true),
  use_swiglu_ffn: z.boolean().default(false),
  num_register_tokens: z.int().nonnegative().default(4),
})

type Fields = z.output<typeof schema>
type Dinov2Config = Omit<Fields, 'patch_size'> & { readonly patch_size: number }

/**
 * DINOv2 (Oquab et al., arXiv 2304.07193) and DINOv2 with registers (Darcet et al., arXiv 2309.16588): pixels
 * [b, 3, H, W] -> the hidden states of all layers, before the last norm; CLS first, then registers.
 */
export function dinov2Vision(p: Scope, config: Dinov2Config, pixels: Tensor, stages?: EncoderStages): TowerFeatures {
  const { hidden_size: width, num_register_tokens: registers } = config
  const grid = gridOf(pixels, config.patch_size)
  const names = p.at('embeddings')
  const patches = patchEmbedding(names.at('patch_embeddings', 'projection'), config, pixels, { bias: true })
  const batch = pixels.shape[0]
  const every = (token: Tensor, count: number) => expand(token, [batch, count, width])
  const [clsPosition, positions] = positionEmbedding(names, config, grid)
  const parts = [
    every(add(names('cls_token', [1, 1, width]), clsPosition), 1),
    ...(registers ? [every(names('register_tokens', [1, registers, width]), registers)] : []),
    add(patches, positions),
  ]
  const start: Patches = { states: concat(parts, 1), special: 1 + registers, grid }
  const run = (index: number, states: Tensor) => encoderLayer(p.at('encoder', 'layer', index), config, states)
  return { ...throughEncoder(start, config.num_hidden_layers, stages, run), grid }
}

/** Learnt positions of CLS and of the patches; the version with registers resamples them with antialiasing. */
function positionEmbedding(p: Scope, config: Dinov2Config, grid: Grid): [Tensor, Tensor] {
  const { hidden_size: width, num_register_tokens: registers } = config
  const side = Math.floor(config.image_size / config.patch_size)
  const table = reshape(p('position_embeddings', [1, side * side + 1, width]), [side * side + 1, width])
  const matrix = registers ? antialiasedMatrix : interpolationMatrix
  return [slice(table, 0, 0, 1), resampledPositions(slice(table, 0, 1), side, grid, matrix)]
}

function encoderLayer(p: Scope, config: Dinov2Config, x: Tensor) {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const scaled = (name: string, y: Tensor) => mul(y, p.at(name)('lambda1', [width]))
  const normed = layerNormed(p.at('norm1'), x, epsilon)
  const project = (name: string) => linear(p.at('attention', 'attention', name), normed, width, config.qkv_bias)
  const [queries, keys, values] = [project('query'), project('key'), project('value')]
  const logits = attentionScores(splitHeads(queries, heads), splitHeads(keys, heads))
  const attention = softmax(logits)
  const mixed = linear(p.at('attention', 'output', 'dense'), fullAttention(queries, keys, values, heads), width)
  const attended = add(x, scaled('layer_scale1', mixed))
  const inner = layerNormed(p.at('norm2'), attended, epsilon)
  const hidden = add(attended, scaled('layer_scale2', feedForward(p.at('mlp'), config, inner)))
  return { hidden, keys, attention, logits }
}

function feedForward(p: Scope, config: Dinov2Config, x: Tensor): Tensor {
  const { hidden_size: width, mlp_ratio, hidden_act } = config
  const inner = Math.trunc(width * mlp_ratio)
  if (!config.use_swiglu_ffn) return linear(p.at('fc2'), activation(hidden_act)(linear(p.at('fc1'), x, inner)), width)
  const gated = Math.floor((Math.trunc((inner * 2) / 3) + 7) / 8) * 8
  const both = linear(p.at('weights_in'), x, 2 * gated)
  return linear(p.at('weights_out'), mul(silu(slice(both, -1, 0, gated)), slice(both, -1, gated)), width)
}

function tower(config: Dinov2Config): VisionTower {
  return {
    imageSize: config.image_size,
    patchSize: config.patch_size,
    special: 1 + config.num_register_tokens,
    ignored: ['embeddings.mask_token', 'layernorm.'],
    encode: (p, pixels, stages) => dinov2Vision(p, config, pixels, stages),
  }
}

export function dinov2Tower(raw: unknown, part: string): VisionTower {
  const { patch_size = 14, ...config } = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return tower({ ...config, patch_size, num_register_tokens: 0 })
}

export function dinov2RegistersTower(raw: unknown, part: string): VisionTower {
  const { patch_size = 16, ...config } = parseConfig(schema, raw, part)
  assertHeads(config.num_attention_heads, config.hidden_size, part)
  return tower({ ...config, patch_size })
}

export const dinov2Kind = towerKind({ modelType: 'dinov2', read: dinov2Tower })
export const dinov2RegistersKind = towerKind({ modelType: 'dinov2_with_registers', read: dinov2RegistersTower })
