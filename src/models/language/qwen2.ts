import { z } from 'zod'
import { configError, optionalSize, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig, decoderFields } from './llama-config.ts'

/** Fields and defaults that decoders of Qwen2's shape share. */
export const qwen2Fields = {
  ...decoderFields,
  max_position_embeddings: size.default(32768),
  use_sliding_window: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  sliding_window: size.nullable().default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.enum(['sliding_attention', 'full_attention'])).nullish(),
}

const schema = z.object({
  ...qwen2Fields,
  vocab_size: size.default(151936),
  intermediate_size: size.default(22016),
  num_key_value_heads: optionalSize.default(32),
})

/** What decoders of Qwen2's shape have in common, whatever their defaults. */
export function qwen2Decoder(fields: z.output<typeof schema>, part: string, theta?: number): LlamaConfig {
  const { use_sliding_window, sliding_window, max_window_layers: from, layer_types: types, ...shape } = fields
  const layers = shape.num_hidden_layers
  if (types && types.length !== layers)
    throw configError(`${part}.layer_types`, `${types.length} types for ${layers} layers`)
  const isWindowed = (layer: number) => (types ? types[layer] === 'sliding_attention' : layer >= from)
  const windowOf = (layer: number) => (isWindowed(layer) ? (sliding_window ?? undefined) : undefined)
  const windows = use_sliding_window ? Array.from({ length: layers }, (_, layer) => windowOf(layer)) : undefined
  return { ...decoderConfig(shape, part, theta), attention_bias: true, sliding_window: windows }
}

/** `text_config` of a Qwen2 or Qwen2.5 (Yang et al., arXiv 2407.10671): LLaMA with biases on queries, keys and values. */
export const qwen2Config = (raw: unknown, part: string): LlamaConfig =>
  qwen2Decoder(parseConfig(schema, raw, part), part)

export const qwen2Language = language({ modelType: 'qwen2', read: (raw, part) => llamaModel(qwen2Config(raw, part)) })
