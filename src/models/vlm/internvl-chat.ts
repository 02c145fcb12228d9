import { z } from 'zod'
import { configError, imageSide, parseConfig, size } from '../config.ts'
import { type Architecture, family } from '../family.ts'
import type { PreprocessorConfig } from '../views/image-processor.ts'
import { internvlArchitecture } from './internvl.ts'

/**
 * InternVL 2.5 and 3 (Chen et al., arXiv 2412.05271; Zhu et al., arXiv 2504.10479) as they were published first, with code
 * of their own: the same network under other names, and prompts written by that code.
 */
const schema = z.object({
  model_type: z.literal('internvl_chat'),
  vision_config: z.looseObject({
    image_size: imageSide.default(448),
    qkv_bias: z.boolean().default(true),
    qk_normalization: z.boolean().default(false),
  }),
  llm_config: z.looseObject({ tie_word_embeddings: z.boolean().default(false) }),
  force_image_size: imageSide.nullish(),
  downsample_ratio: z.number().positive().max(1).default(0.5),
  select_layer: z.int().default(-1),
  ps_version: z.literal('v2', 'only the order of patches "v2" is supported').default('v2'),
  template: z.string().nullish(),
  min_dynamic_patch: size.default(1),
  max_dynamic_patch: size.max(256).default(12),
  dynamic_image_size: z.boolean().default(true),
  use_thumbnail: z.literal(true, 'an image that was cut is always followed by the whole of it').default(true),
})

type ChatConfig = z.output<typeof schema>

const SYSTEM =
  '你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。'

/** Messages between marks, each image on a line of its own before the words. */
const template = (system: string): string =>
  `{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n${system}<|im_end|>\n' }}{% endif %}` +
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}" +
  "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}" +
  "{% if part['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}" +
  "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

/** By the names that config.json gives them. */
const templates: Readonly<Record<string, string>> = { internvl2_5: template(SYSTEM) }

/** The config as the form of transformers has it. */
function converted({ vision_config: vision, llm_config, ...config }: ChatConfig): object {
  return {
    model_type: 'internvl',
    vision_config: {
      ...vision,
      attention_bias: vision.qkv_bias,
      use_qk_norm: vision.qk_normalization,
      use_mean_pooling: true,
      fused_projections: true,
    },
    text_config: llm_config,
    tie_word_embeddings: llm_config.tie_word_embeddings,
    downsample_ratio: config.downsample_ratio,
    vision_feature_layer: config.select_layer,
  }
}

/** The tiles of an image are settings of the model here. */
function tiled(config: ChatConfig, processor: PreprocessorConfig | undefined): PreprocessorConfig | undefined {
  const { min_dynamic_patch: min_patches, max_dynamic_patch, force_image_size, vision_config } = config
  const side = force_image_size ?? vision_config.image_size
  const max_patches = config.dynamic_image_size ? max_dynamic_patch : 1
  return processor && { ...processor, min_patches, max_patches, size: { height: side, width: side } }
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  if (config.template && !Object.hasOwn(templates, config.template))
    throw configError('template', `"${config.template}" is not supported; supported: ${Object.keys(templates)}`)
  // Its templates have no places for videos.
  const { prompt: form, ...parts } = internvlArchitecture(converted(config), tiled(config, processor))
  const { video: _, ...prompt } = form
  const template = config.template ? templates[config.template] : undefined
  return { ...parts, name: 'internvl_chat', prompt: { ...prompt, imageTokenText: '<IMG_CONTEXT>', template } }
}

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^vision_model\.embeddings\.class_embedding$/, 'vision_tower.embeddings.cls_token'],
  [/^vision_model\.embeddings\.position_embedding$/, 'vision_tower.embeddings.position_embeddings'],
  [/^vision_model\.embeddings\.patch_embedding\./, 'vision_tower.embeddings.patch_embeddings.projection.'],
  [/^vision_model\.encoder\.layers\.(\d+)\.attn\.proj\./, 'vision_tower.encoder.layer.$1.attention.projection_layer.'],
  [/^vision_model\.encoder\.layers\.(\d+)\.attn\./, 'vision_tower.encoder.layer.$1.attention.'],
  [/^vision_model\.encoder\.layers\.(\d+)\.norm1\./, 'vision_tower.encoder.layer.$1.layernorm_before.'],
  [/^vision_model\.encoder\.layers\.(\d+)\.norm2\./, 'vision_tower.encoder.layer.$1.layernorm_after.'],
  [/^vision_model\.encoder\.layers\.(\d+)\.ls([12])$/, 'vision_tower.encoder.layer.$1.lambda_$2'],
  [/^vision_model\.encoder\.layers\./, 'vision_tower.encoder.layer.'],
  [/^mlp1\.0\./, 'multi_modal_projector.layer_norm.'],
  [/^mlp1\.1\./, 'multi_modal_projector.linear_1.'],
  [/^mlp1\.3\./, 'multi_modal_projector.linear_2.'],
]

/** The names that `internvl` has. */
function weightName(name: string): string | undefined {
  if (/rotary_emb\.inv_freq$/.test(name)) return undefined
  const [pattern, ours] = PARTS.find(([pattern]) => pattern.test(name)) ?? []
  return pattern ? name.replace(pattern, ours!) : name
}

export const internvlChat = family({ id: 'internvl-chat', modelTypes: ['internvl_chat'], weightName, bind })
