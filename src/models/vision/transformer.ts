import {
  activation,
  attend,
  attentionScores,
  layerNormed,
  linear,
  mergeHeads,
  type Scope,
  splitHeads,
} from '../../nn/index.ts'
import {
  add,
  concat,
  constant,
  fixedDim,
  fullAttention,
  matmul,
  mulDim,
  reshape,
  slice,
  softmax,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { imageSide, layerCount, optionalSize, size } from '../config.ts'
import { type EncoderStages, type Grid, type LayerSteps, type Patches, throughEncoder } from '../vision-side.ts'
import { interpolationMatrix } from './positions.ts'
import type { TowerFeatures } from './tower.ts'

/** What the layers of CLIP and SigLIP are given, those for images and those for texts. */
export interface EncoderConfig {
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly hidden_act: string
  readonly layer_norm_eps: number
}

/** What the encoders of CLIP and SigLIP are given by `vision_config`. */
export interface VisionTransformerConfig extends EncoderConfig {
  readonly image_size: number
  readonly patch_size: number
}

/** Fields and defaults that both have. */
export const visionFields = {
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: size.default(12),
  num_channels: optionalSize.refine((count = 3) => count === 3, 'only 3 channels are supported'),
  image_size: imageSide.default(224),
}

/** Whole patches of pixels [b, 3, H, W]; what is left at the right and at the bottom is in none, as in a convolution. */
export const gridOf = (pixels: Tensor, patchSize: number): Grid => ({
  rows: Math.floor(fixedDim('vision', pixels, 2) / patchSize),
  columns: Math.floor(fixedDim('vision', pixels, 3) / patchSize),
})

/** The convolution with stride = kernel = patch, as one matrix product over unfolded patches: [b, n, d], raster order. */
export function patchEmbedding(
  p: Scope,
  { hidden_size: width, patch_size: s }: Pick<VisionTransformerConfig, 'hidden_size' | 'patch_size'>,
  pixels: Tensor,
  { bias }: { readonly bias: boolean },
): Tensor {
  const [batch] = pixels.shape
  const { rows, columns } = gridOf(pixels, s)
  const whole = slice(slice(pixels, 2, 0, rows * s), 3, 0, columns * s)
  const cells = transpose(reshape(whole, [batch, 3, rows, s, columns, s]), [0, 2, 4, 1, 3, 5])
  const kernel = reshape(p('weight', [width, 3, s, s]), [width, 3 * s * s])
  const patches = matmul(reshape(cells, [batch, rows * columns, 3 * s * s]), transpose(kernel))
  return bias ? add(patches, p('bias', [width])) : patches
}

/** Learnt positions of side x side patches [n, d]; for another grid resampled bicubically in both directions. */
export function resampledPositions(
  table: Tensor,
  side: number,
  { rows, columns }: Grid,
  matrix = interpolationMatrix,
): Tensor {
  if (rows === side && columns === side) return table
  const down = constant(matrix(side, rows), [rows, side])
  return positionsBetween(table, down, constant(matrix(side, columns), [columns, side]))
}

/** The same with the weights of both directions given, [rows, side] and [columns, side]: table [side^2, d] -> [n, d]. */
export function positionsBetween(table: Tensor, down: Tensor, across: Tensor): Tensor {
  const width = fixedDim('positions', table, 1)
  const side = fixedDim('positions', down, 1)
  const [[rows], [columns]] = [down.shape, across.shape]
  const tall = reshape(matmul(down, reshape(table, [side, side * width])), [rows, side, width])
  return reshape(matmul(across, tall), [mulDim(rows, columns), width])
}

/** The same of a table [1 + n, d] that begins with CLS, which lies nowhere. */
export function positionsWithClass(table: Tensor, side: number, grid: Grid): Tensor {
  if (grid.rows === side && grid.columns === side) return table
  return concat([slice(table, 0, 0, 1), resampledPositions(slice(table, 0, 1), side, grid)], 0)
}

/** All layers, every token seeing every other: what went in and what each layer left. */
export function encoderLayers(p: Scope, config: EncoderConfig, start: Patches, stages?: EncoderStages): TowerFeatures {
  const run = (index: number, states: Tensor) => encoderLayer(p.at('layers', index), config, states)
  const steps = (index: number) => layerSteps(p.at('layers', index), config)
  return { ...throughEncoder(start, config.num_hidden_layers, stages, run, steps), grid: start.grid }
}

/** All layers over x [b, s, d] under a mask, where only what the last one leaves is asked for. */
export function encoderStack(p: Scope, config: EncoderConfig, x: Tensor, mask?: Tensor): Tensor {
  const layers = Array.from({ length: config.num_hidden_layers }, (_, index) => p.at('layers', index))
  return layers.reduce((states, layer) => encoderLayer(layer, config, states, mask).hidden, x)
}

function encoderLayer(p: Scope, config: EncoderConfig, x: Tensor, mask?: Tensor) {
  const { heads, ...steps } = layerSteps(p, config)
  const normed = steps.normed(x)
  const [queries, keys, values] = [steps.queries(normed), steps.keys(normed), steps.values(normed)]
  const logits = attentionScores(splitHeads(queries, heads), splitHeads(keys, heads))
  const attention = softmax(mask ? add(logits, mask) : logits)
  const mixed = mask
    ? mergeHeads(attend(attention, splitHeads(values, heads)))
    : fullAttention(queries, keys, values, heads)
  const attended = add(x, steps.projected(mixed))
  return { hidden: add(attended, steps.feedForward(attended)), keys, attention, logits }
}

function layerSteps(p: Scope, config: EncoderConfig): LayerSteps {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon, intermediate_size: inner } = config
  const project = (name: string) => (y: Tensor) => linear(p.at('self_attn', name), y, width)
  return {
    heads,
    normed: (x) => layerNormed(p.at('layer_norm1'), x, epsilon),
    queries: project('q_proj'),
    keys: project('k_proj'),
    values: project('v_proj'),
    projected: project('out_proj'),
    feedForward: (x) => {
      const risen = linear(p.at('mlp', 'fc1'), layerNormed(p.at('layer_norm2'), x, epsilon), inner)
      return linear(p.at('mlp', 'fc2'), activation(config.hidden_act)(risen), width)
    },
  }
}
