/** The language side of a compared model as llama.cpp names its tensors. */
import type { TextConfig } from '../compared.ts'
import { ALIGNMENT, type Entry, fileTypes, matrix, vector } from './file.ts'
import type { GgufType, TensorInfo } from './tensor-info.ts'

export function languageTensors(shape: TextConfig, type: GgufType): TensorInfo[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = shape
  const keyWidth = (hidden / shape.num_attention_heads) * shape.num_key_value_heads
  const biases = (l: number) => [
    vector(`blk.${l}.attn_q.bias`, hidden),
    vector(`blk.${l}.attn_k.bias`, keyWidth),
    vector(`blk.${l}.attn_v.bias`, keyWidth),
  ]
  const layer = (l: number) => [
    vector(`blk.${l}.attn_norm.weight`, hidden),
    matrix(`blk.${l}.attn_q`, hidden, hidden, type),
    matrix(`blk.${l}.attn_k`, hidden, keyWidth, type),
    matrix(`blk.${l}.attn_v`, hidden, keyWidth, type),
    ...(shape.model_type === 'qwen2' ? biases(l) : []),
    matrix(`blk.${l}.attn_output`, hidden, hidden, type),
    vector(`blk.${l}.ffn_norm.weight`, hidden),
    matrix(`blk.${l}.ffn_gate`, hidden, inner, type),
    matrix(`blk.${l}.ffn_up`, hidden, inner, type),
    matrix(`blk.${l}.ffn_down`, inner, hidden, type),
  ]
  return [
    matrix('token_embd', hidden, vocabulary, type),
    ...Array.from({ length: shape.num_hidden_layers }, (_, l) => layer(l)).flat(),
    vector('output_norm.weight', hidden),
    ...(shape.tie_word_embeddings ? [] : [matrix('output', hidden, vocabulary, type)]),
  ]
}

/** All but the vocabulary. */
export function languageEntries(shape: TextConfig, type: GgufType): Entry[] {
  const a = shape.model_type
  return [
    ['general.architecture', 'text', a],
    ['general.file_type', 'u32', fileTypes[type]],
    ['general.alignment', 'u32', ALIGNMENT],
    [`${a}.block_count`, 'u32', shape.num_hidden_layers],
    [`${a}.context_length`, 'u32', shape.max_position_embeddings],
    [`${a}.embedding_length`, 'u32', shape.hidden_size],
    [`${a}.feed_forward_length`, 'u32', shape.intermediate_size],
    [`${a}.attention.head_count`, 'u32', shape.num_attention_heads],
    [`${a}.attention.head_count_kv`, 'u32', shape.num_key_value_heads],
    [`${a}.attention.layer_norm_rms_epsilon`, 'f32', shape.rms_norm_eps],
    [`${a}.rope.freq_base`, 'f32', shape.rope_theta],
    [`${a}.vocab_size`, 'u32', shape.vocab_size],
  ]
}
