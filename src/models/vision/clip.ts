import {
  activation,
  attend,
  attentionWeights,
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
  expand,
  fixedDim,
  matmul,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import type { Grid, VisionLayer } from '../family.ts'
import { interpolationMatrix } from './positions.ts'

/** `vision_config` of a CLIP checkpoint. */
export interface ClipVisionConfig {
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly image_size: number
  readonly patch_size: number
  readonly hidden_act: string
  readonly layer_norm_eps: number
}

export interface ClipFeatures {
  /** Input of the first layer followed by the output of each, [b, 1 + n, d]. */
  readonly hiddenStates: readonly Tensor[]
  readonly layers: readonly VisionLayer[]
  readonly grid: Grid
}

/** CLIP ViT (arXiv 2103.00020, section 2.4): pixels [b, 3, H, W] -> the hidden states of all layers; token 0 is CLS. */
export function clipVision(p: Scope, config: ClipVisionConfig, pixels: Tensor): ClipFeatures {
  const { hidden_size: width, layer_norm_eps: epsilon, patch_size } = config
  const grid = { rows: fixedDim('clip', pixels, 2) / patch_size, columns: fixedDim('clip', pixels, 3) / patch_size }
  const patches = patchEmbedding(p.at('embeddings', 'patch_embedding'), config, pixels, grid)
  const batch = pixels.shape[0]
  const cls = expand(reshape(p.at('embeddings')('class_embedding', [width]), [1, 1, width]), [batch, 1, width])
  const positions = positionEmbedding(p.at('embeddings', 'position_embedding'), config, grid)
  let hidden = layerNormed(p.at('pre_layrnorm'), add(concat([cls, patches], 1), positions), epsilon)

  const hiddenStates = [hidden]
  const layers: VisionLayer[] = []
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = encoderLayer(p.at('encoder', 'layers', index), config, hidden)
    hidden = layer.hidden
    hiddenStates.push(hidden)
    layers.push(layer)
  }
  return { hiddenStates, layers, grid }
}

/** Learnt positions [1 + n, d]; for another grid than the trained one, resampled bicubically in both directions. */
function positionEmbedding(
  p: Scope,
  { hidden_size: width, image_size, patch_size }: ClipVisionConfig,
  grid: Grid,
): Tensor {
  const side = image_size / patch_size
  const table = p('weight', [side * side + 1, width])
  if (grid.rows === side && grid.columns === side) return table
  const rows = constant(interpolationMatrix(side, grid.rows), [grid.rows, side])
  const columns = constant(interpolationMatrix(side, grid.columns), [grid.columns, side])
  const cells = reshape(slice(table, 0, 1), [side, side * width])
  const tall = reshape(matmul(rows, cells), [grid.rows, side, width])
  return concat([slice(table, 0, 0, 1), reshape(matmul(columns, tall), [grid.rows * grid.columns, width])], 0)
}

/** The convolution with stride = kernel = patch, as one matrix product over unfolded patches: [b, n, d], raster order. */
function patchEmbedding(
  p: Scope,
  { hidden_size: width, patch_size: s }: ClipVisionConfig,
  pixels: Tensor,
  { rows, columns }: Grid,
): Tensor {
  const [batch] = pixels.shape
  const cells = transpose(reshape(pixels, [batch, 3, rows, s, columns, s]), [0, 2, 4, 1, 3, 5])
  const kernel = reshape(p('weight', [width, 3, s, s]), [width, 3 * s * s])
  return matmul(reshape(cells, [batch, rows * columns, 3 * s * s]), transpose(kernel))
}

function encoderLayer(p: Scope, config: ClipVisionConfig, x: Tensor): VisionLayer {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const normed = layerNormed(p.at('layer_norm1'), x, epsilon)
  const project = (name: string) => linear(p.at('self_attn', name), normed, width)
  const [queries, keys, values] = [project('q_proj'), project('k_proj'), project('v_proj')]
  const attention = attentionWeights(splitHeads(queries, heads), splitHeads(keys, heads))
  const mixed = mergeHeads(attend(attention, splitHeads(values, heads)))
  const attended = add(x, linear(p.at('self_attn', 'out_proj'), mixed, width))

  const inner = linear(
    p.at('mlp', 'fc1'),
    layerNormed(p.at('layer_norm2'), attended, epsilon),
    config.intermediate_size,
  )
  const hidden = add(attended, linear(p.at('mlp', 'fc2'), activation(config.hidden_act)(inner), width))
  return { hidden, keys, attention }
}
