import { z } from 'zod'
import { act, layerCount, optionalSize, parseConfig, size } from '../config.ts'
import { gemmaFields, gemmaShape } from './gemma.ts'
import { windowsOf } from './gemma2.ts'
import { language, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { decoderConfig } from './llama-config.ts'
import { type RopeFields, rotaryOf } from './rotary-config.ts'

const theta = z.number().positive()
const group = z.looseObject({ rope_theta: theta.nullish() }).nullish()

const schema = z.object({
  ...gemmaFields,
  vocab_size: size.default(262_208),
  hidden_size: size.default(2304),
  intermediate_size: size.default(9216),
  num_hidden_layers: layerCount.default(26),
  num_attention_heads: size.default(8),
  num_key_value_heads: optionalSize.default(4),
  max_position_embeddings: size.default(131_072),
  hidden_activation: act.default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  attn_logit_softcapping: z.number().positive().nullish(),
  sliding_window: size.default(4096),
  sliding_window_pattern: size.default(6),
  layer_types: z.array(z.enum(['sliding_attention', 'full_attention'])).nullish(),
  rope_local_base_freq: theta.default(10_000),
  rope_parameters: z.looseObject({ full_attention: group, sliding_attention: group }).nullish(),
  use_bidirectional_attention: z.literal(false, 'only false is supported').nullish(),
})

type Fields = z.output<typeof schema>

const GLOBAL_THETA = 1e6

/** Rotary positions of layers that see everything, and of those with a window: new files keep a group for each. */
function rotaryParts({ rope_parameters: groups, rope_local_base_freq, ...fields }: Fields, part: string) {
  const { rope_theta, rope_scaling, max_position_embeddings } = fields
  const of = (ropes: Omit<RopeFields, 'max_position_embeddings'>, byDefault: number) =>
    rotaryOf({ ...ropes, max_position_embeddings }, part, byDefault)
  return {
    ...of({ rope_theta, rope_scaling, rope_parameters: groups?.full_attention }, GLOBAL_THETA),
    local_rotary: of({ rope_parameters: groups?.sliding_attention }, rope_local_base_freq),
  }
}

/**
 * `text_config` of a Gemma 3 (Gemma Team, arXiv 2503.19786): Gemma 2 with normalised heads in the place of capped scores;
 * five of six layers look back over a window, and turn by another base. A cap on logits is of its own head, as in Gemma 2.
 */
export function gemma3Config(raw: unknown, part: string): LlamaConfig {
  const config = parseConfig(schema, raw, part)
  const { attention_bias, query_pre_attn_scalar, attn_logit_softcapping, sliding_window_pattern: period } = config
  const { rope_parameters: _, rope_scaling: __, ...fields } = config
  return {
    ...decoderConfig({ ...fields, hidden_act: config.hidden_activation }, part),
    ...gemmaShape(config.hidden_size, attention_bias),
    ...rotaryParts(config, part),
    context_length: config.max_position_embeddings, // stretched by scaling already
    sliding_window: windowsOf(config, part, (layer) => (layer + 1) % period !== 0),
    scoring: { scale: query_pre_attn_scalar ** -0.5, cap: attn_logit_softcapping ?? undefined },
    post_norms: true,
    head_norms: true,
  }
}

export const gemma3Language = language({
  modelType: 'gemma3_text',
  read: (raw, part) => llamaModel(gemma3Config(raw, part)),
})
