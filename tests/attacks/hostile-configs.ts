/** Writers of hostile config.json and preprocessor_config.json files, one per abuse. */
import { config, editJson, editText, type HostileModel, processor, put } from './hostile-folder.ts'

const text = (fields: object) => config(fields, 'text_config')
const vision = (fields: object) => config(fields, 'vision_config')
const HUGE = 2 ** 53 - 1

export const HOSTILE_CONFIGS: HostileModel[] = [
  { name: 'a list', code: 'file_invalid', message: 'must hold a JSON object', write: put('config.json', '[]') },
  {
    name: 'cut off',
    code: 'file_invalid',
    message: 'truncated or not JSON',
    write: put('config.json', '{"model_type"'),
  },
  {
    name: 'nesting of 100 000',
    code: 'file_invalid',
    message: 'nested deeper than',
    write: (folder) =>
      put(
        'config.json',
        `{"model_type":"llava","vision_config":{},"text_config":{},"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
      )(folder),
  },
  {
    name: 'nesting within a part that is passed on',
    code: 'file_invalid',
    message: 'nested deeper than',
    write: (folder) => {
      editJson(folder, 'config.json', (json) => void (json.text_config.extra = 'DEEP'))
      return editText(folder, 'config.json', '"DEEP"', `${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`)
    },
  },
  { name: 'text_config null', code: 'config_invalid', message: 'text_config:', write: config({ text_config: null }) },
  {
    name: 'vision_config a list',
    code: 'config_invalid',
    message: 'vision_config:',
    write: config({ vision_config: [] }),
  },
  { name: 'model_type a number', code: 'architecture_unknown', message: '"7"', write: config({ model_type: 7 }) },
  {
    name: 'model_type of the object prototype',
    code: 'config_invalid',
    message: 'text_config.model_type: "constructor" is not supported',
    write: text({ model_type: 'constructor' }),
  },
  {
    name: 'an activation of the object prototype',
    code: 'config_invalid',
    message: 'text_config.hidden_act:',
    write: text({ hidden_act: '__proto__' }),
  },
  ...[0, -1, 1.5, '3', null, HUGE, 2 ** 31].flatMap((value): HostileModel[] =>
    ['num_hidden_layers', 'vocab_size', 'hidden_size', 'num_attention_heads', 'intermediate_size'].map((field) => ({
      name: `${field} ${JSON.stringify(value)}`,
      code: 'config_invalid',
      message: `text_config.${field}:`,
      write: text({ [field]: value }),
    })),
  ),
  ...[0, -28, 28.5, HUGE, 1e6].flatMap((value): HostileModel[] =>
    ['image_size', 'num_hidden_layers'].map((field) => ({
      name: `vision ${field} ${value}`,
      code: 'config_invalid',
      message: `vision_config.${field}:`,
      write: vision({ [field]: value }),
    })),
  ),
  {
    name: '9 999 decoder layers over weights of 3',
    code: 'checkpoint_mismatch',
    message: 'missing language_model.model.layers.3.',
    write: text({ num_hidden_layers: 9999 }),
  },
  {
    name: '9 999 encoder layers over weights of 3',
    code: 'checkpoint_mismatch',
    message: 'missing vision_tower.vision_model.encoder.layers.3.',
    write: vision({ num_hidden_layers: 9999 }),
  },
  {
    name: 'a vocabulary of 16 million over weights of 640',
    code: 'checkpoint_mismatch',
    message: 'embed_tokens.weight is [640,32], config.json asks for [16000000,32]',
    write: text({ vocab_size: 16_000_000 }),
  },
  {
    name: 'a hidden size of 8 million',
    code: 'checkpoint_mismatch',
    message: 'asks for [8000000',
    write: text({ hidden_size: 8_000_000 }),
  },
  {
    name: 'a head of 4 million',
    code: 'config_invalid',
    message: 'text_config.head_dim:',
    write: text({ head_dim: 4_000_000 }),
  },
  {
    name: 'an odd head',
    code: 'config_invalid',
    message: 'text_config.head_dim: 7',
    write: text({ head_dim: 7 }),
  },
  {
    name: 'images of 16 000 pixels in patches of 1',
    code: 'checkpoint_mismatch',
    message: 'asks for [32,3,1,1]',
    write: vision({ image_size: 16000, patch_size: 1 }),
  },
  {
    name: 'patches larger than an image',
    code: 'config_invalid',
    message: 'vision_config.patch_size: 29 is more than image_size 28',
    write: vision({ patch_size: 29 }),
  },
  {
    name: 'decoder heads that do not divide the hidden size',
    code: 'config_invalid',
    message: 'text_config.num_attention_heads: 5 does not divide hidden_size 32',
    write: text({ num_attention_heads: 5, num_key_value_heads: 5, head_dim: null }),
  },
  ...['llava', 'llava-siglip', 'llava-dinov2', 'internvl', 'idefics3', 'blip-2'].map(
    (family): HostileModel => ({
      name: `encoder heads that do not divide the hidden size of ${family}`,
      family,
      code: 'config_invalid',
      message: /vision_config\.num_attention_heads: 5 does not divide hidden_size \d+/,
      write: vision({ num_attention_heads: 5 }),
    }),
  ),
  {
    name: 'Q-Former heads that do not divide its hidden size',
    family: 'blip-2',
    code: 'config_invalid',
    message: /qformer_config\.num_attention_heads: 5 does not divide hidden_size \d+/,
    write: config({ num_attention_heads: 5 }, 'qformer_config'),
  },
  {
    name: 'OPT heads that do not divide its hidden size',
    family: 'blip-2',
    code: 'config_invalid',
    message: /text_config\.num_attention_heads: 5 does not divide hidden_size \d+/,
    write: text({ num_attention_heads: 5 }),
  },
  {
    name: 'encoder heads of Qwen that do not divide its width',
    family: 'qwen2-vl',
    code: 'config_invalid',
    message: 'vision_config.num_heads: 3',
    write: vision({ num_heads: 3 }),
  },
  {
    name: 'a patch of Qwen larger than any image',
    family: 'qwen2-vl',
    code: 'config_invalid',
    message: 'vision_config.patch_size:',
    write: vision({ patch_size: 1e6 }),
  },
  {
    name: 'key-value heads that do not divide the heads',
    code: 'config_invalid',
    message: 'text_config.num_key_value_heads: 3 does not divide 4 heads',
    write: text({ num_key_value_heads: 3 }),
  },
  {
    name: 'a layer of the encoder that is not there',
    code: 'config_invalid',
    message: 'vision_feature_layer: there is no layer 9999',
    write: config({ vision_feature_layer: 9999 }),
  },
  {
    name: '16 million distances of relative positions',
    family: 'blip-2-t5',
    code: 'config_invalid',
    message: 'text_config.relative_attention_max_distance:',
    write: text({ relative_attention_max_distance: 16_000_000 }),
  },
  {
    name: 'a rotary base of 1e400',
    code: 'config_invalid',
    message: 'text_config.rope_theta:',
    write: (folder) => {
      text({ rope_theta: 'BASE' })(folder)
      return editText(folder, 'config.json', '"BASE"', '1e400')
    },
  },
  {
    name: 'an end of text that is a word',
    code: 'config_invalid',
    message: 'eos_token_id',
    write: (folder) => put('generation_config.json', '{"eos_token_id":"stop"}')(folder),
  },
  {
    name: 'a standard deviation of 0',
    code: 'preprocessor_invalid',
    message: 'image_std.1:',
    write: processor({ image_std: [0.5, 0, 0.5] }),
  },
  {
    name: 'a mean of 1e400',
    code: 'preprocessor_invalid',
    message: 'image_mean.0:',
    write: (folder) => {
      processor({ image_mean: ['MEAN', 0, 0] })(folder)
      return editText(folder, 'preprocessor_config.json', '"MEAN"', '1e400')
    },
  },
  ...[
    { size: { height: 1e9, width: 28 } },
    { size: { shortest_edge: 1e6 } },
    { size: -1 },
    { crop_size: { height: 28, width: 1e9 } },
    { size: { height: '28', width: 28 } },
  ].map(
    (fields): HostileModel => ({
      name: `views of ${JSON.stringify(fields)}`,
      code: 'preprocessor_invalid',
      message: `${Object.keys(fields)}`,
      write: processor(fields),
    }),
  ),
  {
    name: 'views that are not whole patches',
    code: 'preprocessor_invalid',
    message: 'views of 30x30 pixels are not whole patches of 7',
    write: processor({ size: { height: 30, width: 30 }, crop_size: null, do_center_crop: false }),
  },
  {
    name: 'a resampling that is not there',
    code: 'preprocessor_invalid',
    message: 'resample',
    write: processor({ resample: 99 }),
  },
  {
    name: 'squares of 2^53 pixels',
    family: 'qwen2-vl',
    code: 'preprocessor_invalid',
    message: 'max_pixels:',
    write: processor({ max_pixels: HUGE }),
  },
]
