import { z } from 'zod'
import { activation, layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, exp, expand, fullAttention, matmul, reshape, slice, type Tensor, transpose } from '../../tensor/index.ts'
import { act, assertHeads, configError, optionalSize, parseConfig, size } from '../config.ts'
import { type PreprocessorConfig, singleView } from '../image-processor.ts'
import { siglipVision, siglipVisionConfig } from '../vision/siglip.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'
import { type DualEncoder, dualFamily, dualWeightName } from './dual-encoder.ts'
import { textFields, textTower } from './text-tower.ts'

/**
 * SigLIP (Zhai et al., Sigmoid Loss for Language Image Pre-Training, arXiv 2303.15343): a learnt query attends to the
 * patches; texts are filled up to a fixed length, and the last token of a bidirectional encoder stands for all. SigLIP 2
 * (arXiv 2502.14786) has the same form where its images have a fixed size.
 */
const textSchema = z.object({
  ...textFields,
  vocab_size: size.default(32000),
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_attention_heads: size.default(12),
  max_position_embeddings: size.default(64),
  hidden_act: act.default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().positive().default(1e-6),
  pad_token_id: z.int().nonnegative().nullish(),
  projection_size: optionalSize,
})

const headless = z.object({
  vision_use_head: z.literal(true, 'images have no embedding without the head').default(true),
})

const schema = z.object({
  model_type: z.literal('siglip'),
  text_config: z.looseObject({}).default({}),
  vision_config: z.looseObject({}).default({}),
})

/** What is taken out of texts: the punctuation of ASCII. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g

/** As the tokenizer classes of these names change texts, whether or not their tokenizer.json says so too. */
export function canonicalText(text: string, tokenizerClass: string): string {
  if (/^Siglip2Tokenizer/.test(tokenizerClass)) return text.toLowerCase()
  if (!/^SiglipTokenizer/.test(tokenizerClass)) return text
  return text.toLowerCase().replace(PUNCTUATION, '').replace(/\s+/g, ' ').trim()
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

function encodeImages(p: Scope, config: VisionTransformerConfig, pixels: Tensor): Tensor {
  const { hiddenStates } = siglipVision(p, config, pixels)
  const patches = layerNormed(p.at('post_layernorm'), hiddenStates.at(-1)!, config.layer_norm_eps)
  return poolingHead(p.at('head'), config, patches)
}

function bind(raw: unknown, processor?: PreprocessorConfig): DualEncoder {
  const config = parseConfig(schema, raw)
  parseConfig(headless, config.vision_config, 'vision_config')
  const vision = siglipVisionConfig(config.vision_config, 'vision_config')
  const text = parseConfig(textSchema, config.text_config, 'text_config')
  assertHeads(text.num_attention_heads, text.hidden_size, 'text_config')
  const { projection_size: width = text.hidden_size, max_position_embeddings: maxLength } = text
  if (width !== vision.hidden_size)
    throw configError('text_config.projection_size', `${width} is not vision_config.hidden_size ${vision.hidden_size}`)
  return {
    name: 'siglip',
    imageSize: vision.image_size,
    patchSize: vision.patch_size,
    width,
    text: {
      maxLength,
      isFixedLength: true,
      padId: text.pad_token_id ?? 1,
      canonical: canonicalText,
      pooledAt: () => maxLength - 1,
    },
    probability: 'sigmoid',
    view: (image) => singleView(image, processor, vision.image_size),
    encodeImages: (p, pixels) => encodeImages(p.at('vision_model'), vision, pixels),
    encodeTexts: (p, ids, places) => {
      const pooled = textTower(p.at('text_model'), text, { ids, places, isCausal: false })
      return linear(p.at('text_model', 'head'), pooled, width)
    },
    scale: (p) => exp(p('logit_scale', [1])),
    bias: (p) => p('logit_bias', [1]),
  }
}

export const siglip = dualFamily({ id: 'siglip', modelTypes: ['siglip'], weightName: dualWeightName, bind })
