import { z } from 'zod'
import type { RotaryScaling } from '../../nn/index.ts'
import { act, assertHeads, configError, layerCount, MAX_HEAD_SIZE, optionalSize, parseConfig, size } from '../config.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { longRopeOf } from './long-rope.ts'
import { longRopeGroup, ropeFields, ropeGroupOf, rotaryOf } from './rotary-config.ts'

/** Fields and defaults that decoders of LLaMA's shape share; files leave out what is default. */
export const decoderFields = {
  vocab_size: size.default(32000),
  hidden_size: size.default(4096),
  intermediate_size: size.default(11008),
  num_hidden_layers: layerCount.default(32),
  num_attention_heads: size.default(32),
  num_key_value_heads: optionalSize,
  head_dim: optionalSize,
  hidden_act: act.default('silu'),
  max_position_embeddings: size.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  ...ropeFields,
}

const schema = z.object({
  ...decoderFields,
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
})

type Fields = z.output<z.ZodObject<typeof decoderFields>>

/**
 * What `max_position_embeddings` says. Files with linear scaling state there the length before it; dynamic scaling
 * stretches with the text, without an end.
 */
function contextLength(longest: number, scaling?: RotaryScaling): number | undefined {
  if (scaling?.type === 'dynamic') return undefined
  return scaling?.type === 'linear' ? Math.floor(longest * scaling.factor) : longest
}

/** The parts of a decoder's config that need a look at several fields. */
export function decoderConfig(fields: Fields, part: string, theta?: number): LlamaConfig {
  const { rope_theta: _, rope_scaling: __, rope_parameters: ___, max_position_embeddings: longest, ...config } = fields
  const { hidden_size, num_attention_heads: heads, num_key_value_heads: keyValue = heads, head_dim } = config
  if (heads % keyValue) throw configError(`${part}.num_key_value_heads`, `${keyValue} does not divide ${heads} heads`)
  if (head_dim === undefined) assertHeads(heads, hidden_size, part)
  const headWidth = head_dim ?? hidden_size / heads
  if (headWidth % 2 || headWidth > MAX_HEAD_SIZE)
    throw configError(
      `${part}.head_dim`,
      `${headWidth} numbers must be even, and at most ${MAX_HEAD_SIZE}, to be rotated`,
    )
  const { group, name } = ropeGroupOf(fields)
  if ((group.rope_type ?? group.type) === 'longrope') {
    const parsed = parseConfig(longRopeGroup, group, `${part}.${name}`)
    const rope_theta = group.rope_theta ?? fields.rope_theta ?? theta ?? 10000
    const long_rope = longRopeOf(fields, parsed, headWidth, part)
    return { ...config, num_key_value_heads: keyValue, context_length: longest, rope_theta, long_rope }
  }
  const rotary = rotaryOf(fields, part, theta)
  const context_length = contextLength(longest, rotary.rotary_scaling)
  return { ...config, num_key_value_heads: keyValue, context_length, ...rotary }
}

/** `text_config` of a LLaMA (arXiv 2302.13971). */
export function llamaConfig(raw: unknown, part: string): LlamaConfig {
  const { attention_bias, mlp_bias, ...fields } = parseConfig(schema, raw, part)
  return { ...decoderConfig(fields, part), attention_bias, output_bias: attention_bias, mlp_bias }
}

export const llamaLanguage = language({ modelType: 'llama', read: (raw, part) => llamaModel(llamaConfig(raw, part)) })
