import { z } from 'zod'
import { optionalSize, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { qwen2Decoder, qwen2Fields } from './qwen2.ts'

export const qwen3Fields = {
  ...qwen2Fields,
  vocab_size: size.default(151936),
  intermediate_size: size.default(22016),
  num_key_value_heads: optionalSize.default(32),
  head_dim: optionalSize.default(128),
  attention_bias: z.boolean().default(false),
}

const schema = z.object(qwen3Fields)

/** `text_config` of a Qwen3 (Yang et al., arXiv 2505.09388): Qwen2 with normalised heads in the place of biases. */
export const qwen3Config = (raw: unknown, part: string): LlamaConfig =>
  qwen3Decoder(parseConfig(schema, raw, part), part)

/** The parts of the config that need a look at several fields. */
export function qwen3Decoder({ attention_bias, ...fields }: z.output<typeof schema>, part: string, theta?: number) {
  return { ...qwen2Decoder(fields, part, theta), attention_bias, output_bias: attention_bias, head_norms: true }
}

export const qwen3Language = language({ modelType: 'qwen3', read: (raw, part) => llamaModel(qwen3Config(raw, part)) })
