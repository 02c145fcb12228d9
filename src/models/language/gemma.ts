import { z } from 'zod'
import { act, layerCount, optionalSize, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig, decoderFields } from './llama-config.ts'

/** Fields and defaults that both generations share. */
export const gemmaFields = {
  ...decoderFields,
  vocab_size: size.default(256000),
  head_dim: optionalSize.default(256),
  max_position_embeddings: size.default(8192),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
}

const schema = z.object({
  ...gemmaFields,
  hidden_size: size.default(3072),
  intermediate_size: size.default(24576),
  num_hidden_layers: layerCount.default(28),
  num_attention_heads: size.default(16),
  num_key_value_heads: optionalSize.default(16),
  hidden_act: act.default('gelu_pytorch_tanh'),
})

/** What sets every Gemma apart: embeddings as long as they are wide, and norms whose weights are stored less 1. */
export function gemmaShape(hiddenSize: number, attentionBias: boolean) {
  const biases = { attention_bias: attentionBias, output_bias: attentionBias }
  return { ...biases, embedding_scale: Math.sqrt(hiddenSize), norm_offset: 1 }
}

/** `text_config` of a Gemma (Gemma Team, arXiv 2403.08295): LLaMA with GeGLU, wide heads and scaled embeddings. */
export function gemmaConfig(raw: unknown, part: string): LlamaConfig {
  const { attention_bias, ...fields } = parseConfig(schema, raw, part)
  return { ...decoderConfig(fields, part), ...gemmaShape(fields.hidden_size, attention_bias) }
}

export const gemmaLanguage = language({ modelType: 'gemma', read: (raw, part) => llamaModel(gemmaConfig(raw, part)) })
