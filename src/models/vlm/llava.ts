import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { activation, activations, linear, type Scope } from '../../nn/index.ts'
import { slice, type Tensor } from '../../tensor/index.ts'
import { type Architecture, family } from '../family.ts'
import { embedTokens, llama, logitsOf } from '../language/llama.ts'
import { type ClipFeatures, clipVision } from '../vision/clip.ts'

const act = z.enum(Object.keys(activations) as [string, ...string[]])
const size = z.int().positive()

const visionConfig = z.object({
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  image_size: size,
  patch_size: size,
  hidden_act: act.default('quick_gelu'),
  layer_norm_eps: z.number().default(1e-5),
})

const textConfig = z.object({
  vocab_size: size.default(32064),
  hidden_size: size.default(4096),
  intermediate_size: size.default(11008),
  num_hidden_layers: size.default(32),
  num_attention_heads: size.default(32),
  num_key_value_heads: size.default(32),
  head_dim: size.optional(),
  hidden_act: act.default('silu'),
  rms_norm_eps: z.number().default(1e-6),
  rope_theta: z.number().optional(),
  rope_parameters: z.object({ rope_theta: z.number() }).optional(),
  tie_word_embeddings: z.boolean().default(false),
})

const llavaConfig = z.object({
  model_type: z.literal('llava'),
  vision_config: visionConfig,
  text_config: textConfig,
  image_token_index: z.int().nonnegative(),
  projector_hidden_act: act.default('gelu'),
  vision_feature_layer: z.int().default(-2),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('default'),
})

/** `config.json` of a LLaVA checkpoint (arXiv 2310.03744): CLIP ViT, two-layer MLP, LLaMA. */
export type LlavaConfig = ReturnType<typeof parse>

export const visionScope = (p: Scope): Scope => p.at('vision_tower', 'vision_model')
export const languageScope = (p: Scope): Scope => p.at('language_model')

/** Pixels [b, 3, H, W] -> all vision states. */
export const encodeImage = (p: Scope, config: LlavaConfig, pixels: Tensor): ClipFeatures =>
  clipVision(visionScope(p), config.vision_config, pixels)

/** The chosen hidden state without (default) or with (full) CLS: [b, n, d]. */
export function selectFeatures(config: LlavaConfig, { hiddenStates }: ClipFeatures): Tensor {
  const chosen = hiddenStates.at(config.vision_feature_layer)!
  return config.vision_feature_select_strategy === 'default' ? slice(chosen, 1, 1) : chosen
}

/** Patch tokens [b, n, d vision] -> visual tokens [b, n, d text]. */
export function connect(p: Scope, config: LlavaConfig, patches: Tensor): Tensor {
  const width = config.text_config.hidden_size
  const scope = p.at('multi_modal_projector')
  const inner = activation(config.projector_hidden_act)(linear(scope.at('linear_1'), patches, width))
  return linear(scope.at('linear_2'), inner, width)
}

function parse(config: unknown) {
  const result = llavaConfig.safeParse(config)
  if (result.success) {
    const { text_config: text, ...rest } = result.data
    // Newer files keep the rotary base in a group of its own.
    const rope_theta = text.rope_theta ?? text.rope_parameters?.rope_theta ?? 10000
    return { ...rest, text_config: { ...text, rope_theta } }
  }
  const { path, message } = result.error.issues[0]
  throw new FoveaError('config_invalid', 'input', `config.json: ${path.join('.') || 'the file'}: ${message}`)
}

function bind(raw: unknown): Architecture {
  const config = parse(raw)
  const { vision_config: vision, text_config: text } = config
  return {
    name: 'llava',
    imageToken: config.image_token_index,
    patchSize: vision.patch_size,
    layers: text.num_hidden_layers,
    heads: {
      count: text.num_attention_heads,
      keyValue: text.num_key_value_heads,
      width: text.head_dim ?? text.hidden_size / text.num_attention_heads,
    },
    hiddenSize: text.hidden_size,
    vocabulary: text.vocab_size,
    views: (image) => [{ image, width: vision.image_size, height: vision.image_size }],
    grid: ({ width, height }) => ({ rows: height / vision.patch_size, columns: width / vision.patch_size }),
    encode: (p, pixels) => {
      const features = encodeImage(p, config, pixels)
      const { layers, grid } = features
      return { layers, grid, special: 1, patches: selectFeatures(config, features) }
    },
    connect: (p, patches) => connect(p, config, patches),
    embed: (p, ids) => embedTokens(languageScope(p), text, ids),
    decode: (p, start, options) => llama(languageScope(p), text, start, options),
    logits: (p, hidden) => logitsOf(languageScope(p), text, hidden),
  }
}

/** Checkpoints differ in prefixes: the part before the class was split in two, and after. */
function weightName(name: string): string | undefined {
  const old = name
    .replace(/^model\.language_model\./, 'language_model.model.')
    .replace(/^model\.(vision_tower|multi_modal_projector)\./, '$1.')
    .replace(/^lm_head\./, 'language_model.lm_head.')
    .replace(/^vision_tower\.(?!vision_model\.)/, 'vision_tower.vision_model.')
  return /post_layernorm|rotary_emb\.inv_freq|position_ids$/.test(old) ? undefined : old
}

export const llava = family({ id: 'llava', modelTypes: ['llava'], weightName, bind })
