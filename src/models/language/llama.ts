import {
  activation,
  attend,
  attentionWeights,
  embedding,
  linear,
  mergeHeads,
  type RotaryScaling,
  type Rotation,
  rmsNormed,
  rotate,
  rotation,
  type Scope,
  splitHeads,
} from '../../nn/index.ts'
import {
  add,
  addDim,
  arange,
  cachedAttention,
  concat,
  type Dim,
  dimValue,
  greater,
  greaterEqual,
  mul,
  or,
  reshape,
  select,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import type { DecoderLayer, DecoderOptions, DecoderResult, Hidden, PastLayer } from './sequence.ts'

/** `text_config` of a LLaMA checkpoint. */
export interface LlamaConfig {
  readonly vocab_size: number
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  readonly head_dim?: number
  readonly hidden_act: string
  readonly rms_norm_eps: number
  readonly rope_theta: number
  readonly rotary_scaling?: RotaryScaling
  readonly tie_word_embeddings?: boolean
  /** Biases on queries, keys and values. */
  readonly attention_bias?: boolean
  /** A bias on the output of attention. */
  readonly output_bias?: boolean
  readonly mlp_bias?: boolean
  /** How many tokens back a token sees, itself included; all of them when absent. */
  readonly sliding_window?: number
}

/** ids [...] -> embeddings [..., d]. */
export const embedTokens = (p: Scope, config: LlamaConfig, ids: Tensor): Tensor =>
  embedding(p.at('model', 'embed_tokens'), ids, config.vocab_size, config.hidden_size)

/** LLaMA decoder (arXiv 2302.13971, section 2.2): pre-RMSNorm, rotary attention with grouped keys, SwiGLU. */
export function llama(p: Scope, config: LlamaConfig, start: Hidden, options: DecoderOptions = {}): DecoderResult {
  const layers: DecoderLayer[] = []
  const inputs: Hidden[] = []
  let hidden = start
  const rotations = new Map<Tensor, Rotation>()
  const masks = new Map<string, Tensor>()
  for (let index = 0; index < config.num_hidden_layers; index++) {
    hidden = options.beforeLayer?.(index, hidden, layers) ?? hidden
    const past = options.past?.[index]
    const rotary = remember(rotations, hidden.positions, () =>
      rotation(hidden.positions, headWidth(config), config.rope_theta, config.rotary_scaling),
    )
    const [before, length] = [past?.keys.shape[0] ?? 0, hidden.states.shape[1]]
    const mask = () => remember(masks, `${before}|${length}`, () => maskOf(config, options)(before, length))
    const layer = decoderLayer(p.at('model', 'layers', index), config, hidden.states, { rotary, mask, past })
    inputs.push(hidden)
    layers.push(layer)
    hidden = { ...hidden, states: layer.output }
  }
  return { layers, inputs, hidden: rmsNormed(p.at('model', 'norm'), hidden.states, config.rms_norm_eps) }
}

/** Hidden states [..., d] -> logits [..., vocabulary]. */
export function logitsOf(p: Scope, config: LlamaConfig, hidden: Tensor): Tensor {
  const head = config.tie_word_embeddings ? p.at('model', 'embed_tokens') : p.at('lm_head')
  return linear(head, hidden, config.vocab_size, false)
}

export const headWidth = (config: LlamaConfig): number =>
  config.head_dim ?? config.hidden_size / config.num_attention_heads

const maskOf = ({ sliding_window }: LlamaConfig, { mask }: DecoderOptions) =>
  mask ?? ((past: Dim, length: Dim) => causalMask(past, length, sliding_window))

/** 0 where a query may look, -1e9 where the key lies ahead of it or outside its window: [1, 1, s, past + s]. */
export function causalMask(past: Dim, length: Dim, window?: number): Tensor {
  const keys = reshape(arange(addDim(past, length)), [1, addDim(past, length)])
  const queries = reshape(add(arange(length), dimValue(past)), [length, 1])
  const ahead = greater(keys, queries)
  const hidden = window === undefined ? ahead : or(ahead, greaterEqual(sub(queries, keys), window))
  return reshape(select(hidden, -1e9, 0), [1, 1, length, addDim(past, length)])
}

interface LayerContext {
  readonly rotary: Rotation
  readonly mask: () => Tensor
  readonly past?: PastLayer
}

function decoderLayer(p: Scope, config: LlamaConfig, x: Tensor, { rotary, mask, past }: LayerContext): DecoderLayer {
  const width = headWidth(config)
  const { num_attention_heads: heads, num_key_value_heads: keyHeads } = config
  const normed = rmsNormed(p.at('input_layernorm'), x, config.rms_norm_eps)
  const project = (name: string, count: number) =>
    linear(p.at('self_attn', name), normed, count * width, config.attention_bias ?? false)
  const [q, k] = [
    rotate(project('q_proj', heads), rotary, heads),
    rotate(project('k_proj', keyHeads), rotary, keyHeads),
  ]
  const v = project('v_proj', keyHeads)
  const [queries, keys, values] = [splitHeads(q, heads), splitHeads(k, keyHeads), splitHeads(v, keyHeads)]
  const allKeys = past ? concat([fromRows(past.keys), keys], 2) : keys

  const { sliding_window: window } = config
  const explicit = () => {
    const allValues = past ? concat([fromRows(past.values), values], 2) : values
    return mergeHeads(attend(attentionWeights(queries, allKeys, mask()), allValues))
  }
  const mixed =
    past && width % 8 === 0 && window !== 1
      ? cachedAttention(q, k, v, past.keys, past.values, { heads, ...(window !== undefined && { window }) })
      : explicit()
  const attended = add(x, linear(p.at('self_attn', 'o_proj'), mixed, config.hidden_size, config.output_bias ?? false))
  return { queries, keys, values, allKeys, output: add(attended, feedForward(p, config, attended)) }
}

function feedForward(p: Scope, config: LlamaConfig, x: Tensor): Tensor {
  const normed = rmsNormed(p.at('post_attention_layernorm'), x, config.rms_norm_eps)
  const bias = config.mlp_bias ?? false
  const project = (name: string) => linear(p.at('mlp', name), normed, config.intermediate_size, bias)
  const gated = mul(activation(config.hidden_act)(project('gate_proj')), project('up_proj'))
  return linear(p.at('mlp', 'down_proj'), gated, config.hidden_size, bias)
}

/** Cache rows [past, hk, d] -> [1, hk, past, d]. */
const fromRows = (rows: Tensor): Tensor =>
  reshape(transpose(rows, [1, 0, 2]), [1, rows.shape[1], rows.shape[0], rows.shape[2]])

/** New keys or values [1, hk, s, d] -> cache rows [s, hk, d]. */
export const toRows = (x: Tensor): Tensor => reshape(transpose(x, [0, 2, 1, 3]), [x.shape[2], x.shape[1], x.shape[3]])

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
