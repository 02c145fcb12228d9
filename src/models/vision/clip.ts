import { activation, attend, attentionWeights, layerNormed, linear, mergeHeads, type Scope, splitHeads } from '../../nn/index.ts'
import { add, concat, type Dim, expand, matmul, reshape, type Tensor, transpose } from '../../tensor/index.ts'

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

/** What one layer computed, for methods that read it. Nothing is computed unless it is used. */
export interface VisionLayer {
  /** Output of the layer, [b, 1 + n, d]. */
  readonly hidden: Tensor
  /** Keys before heads are split, [b, 1 + n, d]. */
  readonly keys: Tensor
  /** softmax(q k^T), [b, h, 1 + n, 1 + n]. */
  readonly attention: Tensor
}
export interface VisionFeatures {
  /** Input of the first layer followed by the output of each, [b, 1 + n, d]. */
  readonly hiddenStates: readonly Tensor[]
  readonly layers: readonly VisionLayer[]
}

/** CLIP ViT (arXiv 2103.00020, section 2.4): pixels [b, 3, H, W] -> the hidden states of all layers; token 0 is CLS. */
export function clipVision(p: Scope, config: ClipVisionConfig, pixels: Tensor): VisionFeatures {
  const { hidden_size: width, layer_norm_eps: epsilon } = config
  const patches = patchEmbedding(p.at('embeddings', 'patch_embedding'), config, pixels)
  const [batch, count] = patches.shape as [Dim, number]
  const cls = expand(reshape(p.at('embeddings')('class_embedding', [width]), [1, 1, width]), [batch, 1, width])
  const positions = p.at('embeddings', 'position_embedding')('weight', [count + 1, width])
  let hidden = layerNormed(p.at('pre_layrnorm'), add(concat([cls, patches], 1), positions), epsilon)

  const hiddenStates = [hidden]
  const layers: VisionLayer[] = []
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = encoderLayer(p.at('encoder', 'layers', index), config, hidden)
    hidden = layer.hidden
    hiddenStates.push(hidden)
    layers.push(layer)
  }
  return { hiddenStates, layers }
}

/** The convolution with stride = kernel = patch, as one matrix product over unfolded patches: [b, n, d], raster order. */
function patchEmbedding(p: Scope, { hidden_size: width, image_size, patch_size: s }: ClipVisionConfig, pixels: Tensor): Tensor {
  const [batch] = pixels.shape
  const side = image_size / s
  const cells = transpose(reshape(pixels, [batch, 3, side, s, side, s]), [0, 2, 4, 1, 3, 5])
  const kernel = reshape(p('weight', [width, 3, s, s]), [width, 3 * s * s])
  return matmul(reshape(cells, [batch, side * side, 3 * s * s]), transpose(kernel))
}

function encoderLayer(p: Scope, config: ClipVisionConfig, x: Tensor): VisionLayer {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const normed = layerNormed(p.at('layer_norm1'), x, epsilon)
  const project = (name: string) => linear(p.at('self_attn', name), normed, width)
  const [queries, keys, values] = [project('q_proj'), project('k_proj'), project('v_proj')]
  const attention = attentionWeights(splitHeads(queries, heads), splitHeads(keys, heads))
  const mixed = mergeHeads(attend(attention, splitHeads(values, heads)))
  const attended = add(x, linear(p.at('self_attn', 'out_proj'), mixed, width))

  const inner = linear(p.at('mlp', 'fc1'), layerNormed(p.at('layer_norm2'), attended, epsilon), config.intermediate_size)
  const hidden = add(attended, linear(p.at('mlp', 'fc2'), activation(config.hidden_act)(inner), width))
  return { hidden, keys, attention }
}
