import { z } from 'zod'
import { configError, optionalSize, parseConfig, size } from '../config.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig, decoderFields } from './llama-config.ts'

const schema = z.object({
  ...decoderFields,
  vocab_size: size.default(151936),
  intermediate_size: size.default(22016),
  num_key_value_heads: optionalSize.default(32),
  use_sliding_window: z.boolean().default(false),
})

/** What decoders of Qwen2's shape have in common, whatever their defaults. */
export function qwen2Decoder({ use_sliding_window, ...fields }: z.output<typeof schema>, part: string): LlamaConfig {
  if (use_sliding_window)
    throw configError(`${part}.use_sliding_window`, 'windowed attention in the upper layers only is not supported')
  return { ...decoderConfig(fields, part), attention_bias: true }
}

/** `text_config` of a Qwen2 or Qwen2.5 (Yang et al., arXiv 2407.10671): LLaMA with biases on queries, keys and values. */
export const qwen2Config = (raw: unknown, part: string): LlamaConfig =>
  qwen2Decoder(parseConfig(schema, raw, part), part)
