/**
 * A text encoder (BERT) whose layers have the sizes of a vision encoder's: the same products and the same attention over
 * as many positions, on the kernels of an engine that has no vision of its own. What it leaves out (cutting the image,
 * embedding patches, the projector) only makes it faster.
 */
import type { VisionConfig } from '../compared.ts'
import { ALIGNMENT, type Entry, fileTypes, matrix, vector } from './file.ts'
import type { GgufType, TensorInfo } from './tensor-info.ts'

/** Any words will do. */
const VOCABULARY = 1024
const [NORMAL, CONTROL] = [1, 3]
const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']

const pair = (name: string, width: number): TensorInfo[] => [
  vector(`${name}.weight`, width),
  vector(`${name}.bias`, width),
]

export function encoderTensors(vision: VisionConfig, positions: number, type: GgufType): TensorInfo[] {
  const { hidden_size: hidden, intermediate_size: inner } = vision
  const biased = (name: string, from: number, to: number) => [matrix(name, from, to, type), vector(`${name}.bias`, to)]
  const layer = (l: number) => [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].flatMap((name) => biased(`blk.${l}.${name}`, hidden, hidden)),
    ...pair(`blk.${l}.attn_output_norm`, hidden),
    ...biased(`blk.${l}.ffn_up`, hidden, inner),
    ...biased(`blk.${l}.ffn_down`, inner, hidden),
    ...pair(`blk.${l}.layer_output_norm`, hidden),
  ]
  return [
    matrix('token_embd', hidden, VOCABULARY, 'F16'),
    { name: 'position_embd.weight', shape: [hidden, positions], type: 'F32' },
    vector('token_types.weight', hidden),
    ...pair('token_embd_norm', hidden),
    ...Array.from({ length: vision.num_hidden_layers }, (_, l) => layer(l)).flat(),
  ]
}

export function encoderEntries(vision: VisionConfig, positions: number, type: GgufType): Entry[] {
  const words = Array.from({ length: VOCABULARY }, (_, id) => specials[id] ?? `\u2581w${id}`)
  return [
    ['general.architecture', 'text', 'bert'],
    ['general.file_type', 'u32', fileTypes[type]],
    ['general.alignment', 'u32', ALIGNMENT],
    ['bert.block_count', 'u32', vision.num_hidden_layers],
    ['bert.context_length', 'u32', positions],
    ['bert.embedding_length', 'u32', vision.hidden_size],
    ['bert.feed_forward_length', 'u32', vision.intermediate_size],
    ['bert.attention.head_count', 'u32', vision.num_attention_heads],
    ['bert.attention.layer_norm_epsilon', 'f32', vision.layer_norm_eps],
    ['bert.attention.causal', 'bool', false],
    ['bert.pooling_type', 'u32', 1],
    ['tokenizer.ggml.model', 'text', 'bert'],
    ['tokenizer.ggml.tokens', 'text', words],
    ['tokenizer.ggml.token_type', 'i32', words.map((_, id) => (id < specials.length ? CONTROL : NORMAL))],
    ['tokenizer.ggml.token_type_count', 'u32', 1],
    ['tokenizer.ggml.padding_token_id', 'u32', 0],
    ['tokenizer.ggml.unknown_token_id', 'u32', 1],
    ['tokenizer.ggml.cls_token_id', 'u32', 2],
    ['tokenizer.ggml.bos_token_id', 'u32', 2],
    ['tokenizer.ggml.seperator_token_id', 'u32', 3],
  ]
}
