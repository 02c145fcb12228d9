import { z } from 'zod'
import { activation, layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, expand, fullAttention, matmul, reshape, slice, type Tensor, transpose } from '../../tensor/index.ts'
import { parseConfig } from '../config.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'

const headless = z.object({
  vision_use_head: z.literal(true, 'images have no embedding without the head').default(true),
})

/** Throws FoveaError `config_invalid` where `vision_config` says that there is no head. */
export const assertPooled = (visionConfig: unknown): void => void parseConfig(headless, visionConfig, 'vision_config')

/** The end of SigLIP's image encoders, from the output of the last layer: [b, n, d] -> [b, d]. */
export function pooledPatches(p: Scope, config: VisionTransformerConfig, hidden: Tensor): Tensor {
  return poolingHead(p.at('head'), config, layerNormed(p.at('post_layernorm'), hidden, config.layer_norm_eps))
}

/** Attention of one learnt query over all patches, then an MLP: [b, n, d] -> [b, d]. */
function poolingHead(p: Scope, config: VisionTransformerConfig, patches: Tensor): Tensor {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const [batch] = patches.shape
  const attention = p.at('attention')
  const [weight, bias] = [attention('in_proj_weight', [3 * width, width]), attention('in_proj_bias', [3 * width])]
  // The three projections are stored one below the other.
  const project = (x: Tensor, at: number) => {
    const rows = slice(weight, 0, at * width, (at + 1) * width)
    return add(matmul(x, transpose(rows)), slice(bias, 0, at * width, (at + 1) * width))
  }
  const query = expand(project(p('probe', [1, 1, width]), 0), [batch, 1, width])
  const mixed = fullAttention(query, project(patches, 1), project(patches, 2), heads)
  const pooled = linear(attention.at('out_proj'), mixed, width)
  const normed = layerNormed(p.at('layernorm'), pooled, epsilon)
  const inner = activation(config.hidden_act)(linear(p.at('mlp', 'fc1'), normed, config.intermediate_size))
  return reshape(add(pooled, linear(p.at('mlp', 'fc2'), inner, width)), [batch, width])
}
