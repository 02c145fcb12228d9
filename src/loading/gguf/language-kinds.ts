/**
 * Language models in GGUF files: what `general.architecture` says of their config and of the names and values of their
 * tensors. Facts: conversion/*.py and src/models/*.cpp of llama.cpp.
 */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { numberAt, numbersAt, requiredAt, shapeAt, textAt, unreadGguf } from './metadata.ts'

/** Fields of `text_config`. */
export type TextFields = Record<string, unknown>

export interface LanguageKind {
  /** `model_type` of `text_config`. */
  readonly modelType: string
  /** Names in a layer that are not those of most. */
  readonly inLayer?: Readonly<Record<string, string>>
  /** Rows of queries and keys lie in pairs that turn together, where Hugging Face has them half a head apart. */
  readonly turnsPairs?: boolean
  /** Norms multiply by their weights here, and by 1 more there. */
  readonly shiftsNorms?: boolean
  fields(file: GgufFile, shared: TextFields): TextFields
}

/** Norms on both sides of attention and MLP. */
const SANDWICH = {
  ffn_norm: 'pre_feedforward_layernorm',
  post_attention_norm: 'post_attention_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
}

const keyOf = (file: GgufFile, key: string): string => `${textAt(file, 'general.architecture')}.${key}`

const has = ({ tensors }: GgufFile, name: string): boolean => tensors.has(name)

/** The rotary scaling that the metadata state. */
function ropeScaling(file: GgufFile): TextFields | undefined {
  const at = (key: string) => numberAt(file, keyOf(file, `rope.scaling.${key}`))
  const type = textAt(file, keyOf(file, 'rope.scaling.type')) ?? 'none'
  const factor = at('factor')
  if (type === 'none' || (type === 'linear' && factor === undefined)) return undefined
  if (type === 'linear') return { rope_type: 'linear', factor }
  if (type === 'yarn')
    return {
      rope_type: 'yarn',
      factor,
      original_max_position_embeddings: at('original_context_length'),
      attention_factor: at('yarn_attn_factor'),
      beta_fast: at('yarn_beta_fast'),
      beta_slow: at('yarn_beta_slow'),
    }
  throw unreadGguf(file, `rotary positions scaled by "${type.slice(0, 40)}" are not read; linear and yarn are`)
}

/** What all have. */
export function sharedFields(file: GgufFile): TextFields {
  const required = (key: string) => requiredAt(file, keyOf(file, key))
  const optional = (key: string) => numberAt(file, keyOf(file, key))
  const heads = required('attention.head_count')
  if ((optional('expert_count') ?? 0) > 0)
    throw unreadGguf(file, 'a mixture of experts; models with one MLP a layer are read')
  return {
    vocab_size: shapeAt(file, 'token_embd.weight', 2)[0],
    hidden_size: required('embedding_length'),
    intermediate_size: required('feed_forward_length'),
    num_hidden_layers: required('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: optional('attention.head_count_kv') ?? heads,
    head_dim: optional('attention.key_length'),
    max_position_embeddings: required('context_length'),
    rms_norm_eps: required('attention.layer_norm_rms_epsilon'),
    rope_theta: optional('rope.freq_base') ?? 10_000,
    tie_word_embeddings: !has(file, 'output.weight'),
  }
}

/** LongRoPE with the same factors for texts of any length: each rotary pair turns slower by its own. */
const slowed = (factors: readonly number[]): TextFields => ({
  rope_type: 'longrope',
  short_factor: factors,
  long_factor: factors,
  attention_factor: 1,
})

const headSize = ({ head_dim, hidden_size, num_attention_heads: heads }: TextFields): number =>
  Number(head_dim ?? Number(hidden_size) / Number(heads))

/** Scores are divided by the root of this: of the largest model it is not the width of a head. */
const scoreWidth = (shared: TextFields, largest: number): number =>
  shared.num_hidden_layers === largest
    ? Math.floor(Number(shared.hidden_size) / Number(shared.num_attention_heads))
    : headSize(shared)

const llama: LanguageKind = {
  modelType: 'llama',
  turnsPairs: true,
  fields: (file) => ({
    attention_bias: has(file, 'blk.0.attn_q.bias'),
    mlp_bias: has(file, 'blk.0.ffn_up.bias'),
    rope_scaling: ropeScaling(file),
  }),
}

const qwen2: LanguageKind = { modelType: 'qwen2', fields: (file) => ({ rope_scaling: ropeScaling(file) }) }

const qwen3: LanguageKind = {
  modelType: 'qwen3',
  fields: (file) => ({ attention_bias: has(file, 'blk.0.attn_q.bias'), rope_scaling: ropeScaling(file) }),
}

const qwen2vl: LanguageKind = {
  modelType: 'qwen2_vl_text',
  fields: (file) => {
    const sections = numbersAt(file, keyOf(file, 'rope.dimension_sections'), 3)
    return { rope_scaling: { type: 'mrope', ...(sections && { mrope_section: sections }) } }
  },
}

const qwen3vl: LanguageKind = {
  modelType: 'qwen3_vl_text',
  fields: (file) => {
    const mrope_section = numbersAt(file, keyOf(file, 'rope.dimension_sections'), 3)
    return {
      attention_bias: has(file, 'blk.0.attn_q.bias'),
      rope_scaling: { rope_type: 'default', mrope_interleaved: true, ...(mrope_section && { mrope_section }) },
    }
  },
}

const gemma2: LanguageKind = {
  modelType: 'gemma2',
  inLayer: SANDWICH,
  shiftsNorms: true,
  fields: (file, shared) => ({
    head_dim: headSize(shared),
    query_pre_attn_scalar: scoreWidth(shared, 46),
    attn_logit_softcapping: numberAt(file, keyOf(file, 'attn_logit_softcapping')) ?? 50,
    sliding_window: numberAt(file, keyOf(file, 'attention.sliding_window')) ?? 4096,
  }),
}

const gemma3: LanguageKind = {
  modelType: 'gemma3_text',
  inLayer: SANDWICH,
  shiftsNorms: true,
  fields: (file, shared) => {
    const window = numberAt(file, keyOf(file, 'attention.sliding_window'))
    return {
      head_dim: headSize(shared),
      query_pre_attn_scalar: scoreWidth(shared, 62),
      // 1: no layer has a window
      sliding_window_pattern: window ? (numberAt(file, keyOf(file, 'attention.sliding_window_pattern')) ?? 6) : 1,
      ...(window && { sliding_window: window }),
      rope_local_base_freq: numberAt(file, keyOf(file, 'rope.freq_base_swa')) ?? 10_000,
      rope_scaling: ropeScaling(file),
    }
  },
}

const phi3: LanguageKind = {
  modelType: 'phi3',
  inLayer: { attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
  fields: (file, shared) => {
    const turned = numberAt(file, keyOf(file, 'rope.dimension_count'))
    return {
      partial_rotary_factor: turned === undefined ? 1 : turned / headSize(shared),
      original_max_position_embeddings: numberAt(file, keyOf(file, 'rope.scaling.original_context_length')),
      sliding_window: numberAt(file, keyOf(file, 'attention.sliding_window')) || null,
    }
  },
}

export const languageKinds: Readonly<Record<string, LanguageKind>> = {
  llama,
  qwen2,
  qwen3,
  qwen2vl,
  qwen3vl,
  gemma2,
  gemma3,
  phi3,
}

/** Tensors that say how positions turn, and are read into the config. */
export const ROTARY_TENSORS = ['rope_freqs.weight', 'rope_factors_long.weight', 'rope_factors_short.weight']

/** Rotary scaling whose factors are tensors: of Llama 3, and LongRoPE of Phi-3. */
export async function ropeFactors(file: GgufFile): Promise<TextFields | undefined> {
  const [all, long, short] = ROTARY_TENSORS.map((name) => (has(file, name) ? file.read(name) : undefined))
  if (all) return slowed([...(await all)])
  if (!long || !short) return undefined
  const attention_factor = numberAt(file, keyOf(file, 'rope.scaling.attn_factor'))
  return { rope_type: 'longrope', long_factor: [...(await long)], short_factor: [...(await short)], attention_factor }
}
