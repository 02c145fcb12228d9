import { z } from 'zod'
import { act, configError, layerCount, optionalSize, parseConfig, size } from '../config.ts'
import { gemmaFields, gemmaShape } from './gemma.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig } from './llama-config.ts'

const schema = z.object({
  ...gemmaFields,
  hidden_size: size.default(2304),
  intermediate_size: size.default(9216),
  num_hidden_layers: layerCount.default(26),
  num_attention_heads: size.default(8),
  num_key_value_heads: optionalSize.default(4),
  hidden_activation: act.default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  attn_logit_softcapping: z.number().positive().nullable().default(50),
  sliding_window: size.nullable().default(4096),
  layer_types: z.array(z.enum(['sliding_attention', 'full_attention'])).nullish(),
})

interface WindowFields {
  readonly num_hidden_layers: number
  readonly sliding_window: number | null
  readonly layer_types?: readonly string[] | null
}

/** The window of each layer: of those that the file names, or else of those that `byDefault` names. */
export function windowsOf(
  { num_hidden_layers: layers, sliding_window, layer_types: types }: WindowFields,
  part: string,
  byDefault: (layer: number) => boolean,
): (number | undefined)[] {
  if (types && types.length !== layers)
    throw configError(`${part}.layer_types`, `${types.length} types for ${layers} layers`)
  const isWindowed = (layer: number) => (types ? types[layer] === 'sliding_attention' : byDefault(layer))
  const window = sliding_window ?? undefined
  return Array.from({ length: layers }, (_, layer) => (isWindowed(layer) ? window : undefined))
}

/**
 * `text_config` of a Gemma 2 (Gemma Team, arXiv 2408.00118): norms on both sides of attention and MLP, capped scores, and
 * a window in every other layer. Its cap on logits is of its own head: vision-language models have another, without one.
 */
export function gemma2Config(raw: unknown, part: string): LlamaConfig {
  const config = parseConfig(schema, raw, part)
  const { attention_bias, query_pre_attn_scalar, attn_logit_softcapping, hidden_activation } = config
  return {
    ...decoderConfig({ ...config, hidden_act: hidden_activation }, part),
    ...gemmaShape(config.hidden_size, attention_bias),
    sliding_window: windowsOf(config, part, (layer) => layer % 2 === 0),
    scoring: { scale: query_pre_attn_scalar ** -0.5, cap: attn_logit_softcapping ?? undefined },
    post_norms: true,
  }
}

export const gemma2Language = language({
  modelType: 'gemma2',
  read: (raw, part) => llamaModel(gemma2Config(raw, part)),
})
