import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { assertFinite } from '../../checkpoints/finite.ts'
import { saveHalves } from '../../checkpoints/halves.ts'
import { removeLeftovers } from '../../checkpoints/leftovers.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { saveSafetensors } from '../../checkpoints/safetensors.ts'
import type { LlavaConfig } from '../../models/vlm/llava.ts'
import { bytesOf, f32, type Value } from '../../runtime/index.ts'
import { imageMean, imageStd } from './config.ts'
import { chatTemplate, special, specialTokens } from './tokenizer.ts'

/** What a model folder is made of. */
export interface MiniModel {
  readonly config: LlavaConfig
  /** Weights by name; the heads of the dense losses, which only training needs, may be among them. */
  readonly values: ReadonlyMap<string, Value>
  /** Parsed tokenizer.json. */
  readonly tokenizer: object
  /** What the file holds them in; float32 if not given. */
  readonly dtype?: 'float16' | 'float32'
}

/** Tokens that one conversation may have: visual ones and text. */
const MAX_POSITIONS = 2048

/**
 * Writes a model folder in Hugging Face form; config.json comes last, so a folder that has it is complete.
 * @throws FoveaError `weights_not_finite`, and those of `makeFolder` and `writeFileAtomic`
 */
export async function exportMini(
  folder: string,
  { config, values, tokenizer, dtype = 'float32' }: MiniModel,
): Promise<void> {
  for (const [name, { data }] of values) assertFinite(name, data as Float32Array)
  await makeFolder(folder)
  await removeLeftovers(folder)
  const kept = [...values, ...unusedNorm(config)].filter(([name]) => !name.startsWith('dense.'))
  const path = join(folder, 'model.safetensors')
  await (dtype === 'float16' ? saveHalves : saveFloats)(path, kept, { format: 'pt' })
  await writeFileAtomic(join(folder, 'chat_template.jinja'), new TextEncoder().encode(chatTemplate))
  const files = {
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': tokenizerConfig,
    'special_tokens_map.json': tokenRoles,
    'preprocessor_config.json': preprocessorConfig(config),
    'processor_config.json': processorConfig(config),
    'generation_config.json': generationConfig,
    'config.json': { ...modelConfig(config), torch_dtype: dtype },
  }
  for (const [name, json] of Object.entries(files)) await writeJson(join(folder, name), json)
}

function saveFloats(
  path: string,
  values: readonly [string, Value][],
  metadata: Record<string, string>,
): Promise<string> {
  const tensors = values.map(
    ([name, value]) => [name, { dtype: 'F32', shape: [...value.dims], data: bytesOf(value.data) }] as const,
  )
  return saveSafetensors(path, new Map(tensors), metadata)
}

/** CLIP's last norm, which LLaVA does not use, but which other readers of the format miss when it is absent. */
function unusedNorm({ vision_config: { hidden_size: width } }: LlavaConfig): [string, Value][] {
  const norm = 'vision_tower.vision_model.post_layernorm'
  return [
    [`${norm}.weight`, f32([width], new Float32Array(width).fill(1))],
    [`${norm}.bias`, f32([width], new Float32Array(width))],
  ]
}

/** The tokenizer is indented by one, as it is committed. */
async function writeJson(path: string, json: object): Promise<void> {
  const text = JSON.stringify(json, null, path.endsWith('tokenizer.json') ? 1 : 2)
  await writeFileAtomic(path, new TextEncoder().encode(`${text}\n`))
}

const tokenRoles = { eos_token: specialTokens[special.eos], pad_token: specialTokens[special.pad] }
const ids = { bos_token_id: null, eos_token_id: special.eos, pad_token_id: special.pad }

const tokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  ...tokenRoles,
  additional_special_tokens: [special.user, special.assistant, special.image].map((id) => specialTokens[id]),
  clean_up_tokenization_spaces: false,
  model_max_length: MAX_POSITIONS,
  chat_template: chatTemplate,
}

const generationConfig = { ...ids, do_sample: false, max_new_tokens: 64 }

function modelConfig(config: LlavaConfig): object {
  const { image_size, patch_size } = config.vision_config
  return {
    architectures: ['LlavaForConditionalGeneration'],
    ...config,
    image_seq_length: (image_size / patch_size) ** 2,
    tie_word_embeddings: false,
    ...ids,
    vision_config: { model_type: 'clip_vision_model', num_channels: 3, ...config.vision_config },
    text_config: {
      model_type: 'llama',
      max_position_embeddings: MAX_POSITIONS,
      attention_bias: false,
      mlp_bias: false,
      ...ids,
      ...config.text_config,
    },
  }
}

function preprocessorConfig({ vision_config: { image_size } }: LlavaConfig): object {
  const size = { height: image_size, width: image_size }
  return {
    image_processor_type: 'CLIPImageProcessor',
    processor_class: 'LlavaProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size,
    resample: 3,
    do_center_crop: false,
    crop_size: size,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [...imageMean],
    image_std: [...imageStd],
  }
}

const processorConfig = ({ vision_config, vision_feature_select_strategy }: LlavaConfig): object => ({
  processor_class: 'LlavaProcessor',
  patch_size: vision_config.patch_size,
  vision_feature_select_strategy,
  num_additional_image_tokens: 1,
  image_token: specialTokens[special.image],
})
