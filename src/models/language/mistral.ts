import { z } from 'zod'
import { optionalSize, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig, decoderFields } from './llama-config.ts'

const schema = z.object({
  ...decoderFields,
  intermediate_size: size.default(14336),
  num_key_value_heads: optionalSize.default(8),
  max_position_embeddings: size.default(131072),
  sliding_window: size.nullable().default(4096),
})

/** `text_config` of a Mistral (Jiang et al., arXiv 2310.06825): LLaMA whose tokens look back over a window. */
export function mistralConfig(raw: unknown, part: string): LlamaConfig {
  const { sliding_window, ...fields } = parseConfig(schema, raw, part)
  return { ...decoderConfig(fields, part), sliding_window: sliding_window ?? undefined }
}

export const mistralLanguage = language({
  modelType: 'mistral',
  read: (raw, part) => llamaModel(mistralConfig(raw, part)),
})
