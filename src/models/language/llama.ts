import {
  activation,
  axialRotation,
  embedding,
  type LongRope,
  linear,
  longRotation,
  magnitudeOf,
  type RotaryScaling,
  type Rotation,
  rmsNormed,
  rotaryFrequencies,
  rotate,
  rotation,
  type Scope,
  type Scoring,
} from '../../nn/index.ts'
import { add, concat, fixedDim, mul, reshape, rmsNorm, slice, type Tensor } from '../../tensor/index.ts'
import { causalMask } from './masks.ts'
import { fedForward, type SelfAttentionOptions, selfAttention } from './self-attention.ts'
import {
  type DecoderOptions,
  type DecoderResult,
  type Hidden,
  type PastLayer,
  type Projected,
  pastLength,
  throughLayers,
} from './sequence.ts'

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
  /** Positions that it was made for; absent: they go on. */
  readonly context_length?: number
  readonly rope_theta: number
  readonly rotary_scaling?: RotaryScaling
  /** In the place of `rotary_scaling`. */
  readonly long_rope?: LongRope
  /** Positions have several axes: which of them each rotary pair turns with, one entry per pair; one axis when absent. */
  readonly rotary_axes?: readonly number[]
  readonly tie_word_embeddings?: boolean
  /** Biases on queries, keys and values. */
  readonly attention_bias?: boolean
  /** A bias on the output of attention. */
  readonly output_bias?: boolean
  readonly mlp_bias?: boolean
  /** How many tokens back a token sees, itself included; all of them when absent. One number, or one per layer. */
  readonly sliding_window?: number | readonly (number | undefined)[]
  /** Numbers of a head that are rotated, from its first; all when absent. */
  readonly rotary_width?: number
  readonly scoring?: Scoring
  /** What embeddings are multiplied by. */
  readonly embedding_scale?: number
  /** What is added to the weights of norms. */
  readonly norm_offset?: number
  /** Norms after attention and after the MLP, too. */
  readonly post_norms?: boolean
  /** Each head of queries and keys is normalised before it is rotated. */
  readonly head_norms?: boolean
  /** One matrix for queries, keys and values, and one for gate and up. */
  readonly fused_projections?: boolean
}

/** ids [...] -> embeddings [..., d]. */
export function embedTokens(p: Scope, config: LlamaConfig, ids: Tensor): Tensor {
  const embedded = embedding(p.at('model', 'embed_tokens'), ids, config.vocab_size, config.hidden_size)
  return config.embedding_scale === undefined ? embedded : mul(embedded, config.embedding_scale)
}

/** LLaMA decoder (arXiv 2302.13971, section 2.2): pre-RMSNorm, rotary attention with grouped keys, SwiGLU. */
export function llama(p: Scope, config: LlamaConfig, start: Hidden, options: DecoderOptions = {}): DecoderResult {
  const { layers, last } = throughLlama(p.at('model'), config, start, config.num_hidden_layers, options)
  return { layers, last, hidden: lastNorm(p, config, last.states) }
}

/** The norm behind the last layer. */
export const lastNorm = (p: Scope, config: LlamaConfig, x: Tensor): Tensor => normed(p.at('model', 'norm'), config, x)

/** So many layers of this shape, without the norm behind the last; their weights are `layers.*`. */
export function throughLlama(p: Scope, config: LlamaConfig, start: Hidden, count: number, options: DecoderOptions) {
  const { stages, mask: maskOf = causalMask } = options
  const rotations = new Map<Tensor, Rotation>()
  const masks = new Map<string, Tensor | undefined>()
  return throughLayers(start, count, stages, (index, input) => {
    const { tags } = input
    const rotary = (at: Tensor) => remember(rotations, at, () => rotationOf(config, at))
    const [past, window] = [options.past?.[index], windowOf(config, index)]
    const seen = `${input.states.shape[1]}|${tags?.segment?.id}|${window}`
    const mask = (rows?: PastLayer) => remember(masks, `${pastLength(rows)}|${seen}`, () => maskOf(rows, input, window))
    const causal = !options.mask && !tags?.segment
    return decoderLayer(p.at('layers', index), config, input, {
      index,
      rotary,
      mask,
      past,
      window,
      causal,
      stages,
    })
  })
}

/** Hidden states [..., d] -> logits [..., vocabulary]. */
export function logitsOf(p: Scope, config: LlamaConfig, hidden: Tensor): Tensor {
  const head = config.tie_word_embeddings ? p.at('model', 'embed_tokens') : p.at('lm_head')
  return linear(head, hidden, config.vocab_size, false)
}

export const headWidth = (config: LlamaConfig): number =>
  config.head_dim ?? config.hidden_size / config.num_attention_heads

function rotationOf(config: LlamaConfig, positions: Tensor): Rotation {
  const { rope_theta: theta, rotary_width: width = headWidth(config), rotary_scaling, long_rope } = config
  if (long_rope) return longRotation(positions, width, theta, long_rope)
  if (!config.rotary_axes) return rotation(positions, width, theta, rotary_scaling)
  const frequencies = rotaryFrequencies(width, theta, rotary_scaling)
  return axialRotation(positions, frequencies, config.rotary_axes, magnitudeOf(rotary_scaling))
}

const windowOf = ({ sliding_window: window }: LlamaConfig, layer: number): number | undefined =>
  typeof window === 'object' ? window[layer] : window

function normed(p: Scope, { norm_offset, rms_norm_eps }: LlamaConfig, x: Tensor): Tensor {
  if (norm_offset === undefined) return rmsNormed(p, x, rms_norm_eps)
  return rmsNorm(x, add(p('weight', [fixedDim('rmsNorm', x, -1)]), norm_offset), rms_norm_eps)
}

interface LayerContext extends Pick<SelfAttentionOptions, 'index' | 'past' | 'window' | 'causal' | 'mask' | 'stages'> {
  /** Of positions. */
  readonly rotary: (positions: Tensor) => Rotation
}

function decoderLayer(p: Scope, config: LlamaConfig, input: Hidden, { rotary, ...context }: LayerContext) {
  const { num_attention_heads: heads, num_key_value_heads: keyHeads, rotary_width, scoring } = config
  const x = input.states
  const after = (name: string, y: Tensor) => (config.post_norms ? normed(p.at(name), config, y) : y)
  const projected = project(p.at('self_attn'), config, normed(p.at('input_layernorm'), config, x))
  const rotate = (x: Tensor, heads: number, at: Tensor) => rotatePart(x, rotary(at), heads, rotary_width)
  const { mixed, ...seen } = selfAttention(projected, input, { heads, keyHeads, rotate, scoring, ...context })
  const output = linear(p.at('self_attn', 'o_proj'), mixed, config.hidden_size, config.output_bias ?? false)
  const attended = add(x, after('post_attention_layernorm', output))
  const before = config.post_norms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'
  const plain = (y: Tensor, share?: number) => feedForward(p.at('mlp'), config, y, share)
  const fed = fedForward(context, normed(p.at(before), config, attended), plain, input)
  return { ...seen, output: add(attended, after('post_feedforward_layernorm', fed)) }
}

/** Not rotated yet. */
function project(p: Scope, config: LlamaConfig, x: Tensor): Projected {
  const { num_attention_heads: count, num_key_value_heads: keyValue, attention_bias: bias = false } = config
  const width = headWidth(config)
  const [q, k, v] = config.fused_projections
    ? splitLast(linear(p.at('qkv_proj'), x, (count + 2 * keyValue) * width, bias), [count * width, keyValue * width])
    : [
        linear(p.at('q_proj'), x, count * width, bias),
        linear(p.at('k_proj'), x, keyValue * width, bias),
        linear(p.at('v_proj'), x, keyValue * width, bias),
      ]
  if (!config.head_norms) return { q, k, v }
  return { q: headsNormed(p.at('q_norm'), config, q, count), k: headsNormed(p.at('k_norm'), config, k, keyValue), v }
}

/** Every head of x [b, s, heads * d] by itself. */
function headsNormed(p: Scope, config: LlamaConfig, x: Tensor, heads: number): Tensor {
  const apart = reshape(x, [x.shape[0], x.shape[1], heads, headWidth(config)])
  return reshape(normed(p, config, apart), x.shape)
}

function feedForward(p: Scope, config: LlamaConfig, x: Tensor, share = 1): Tensor {
  const { intermediate_size: inner, hidden_size: width, mlp_bias: bias = false } = config
  const used = Math.floor(inner * share)
  const of = (out: number, width: number) => (used < inner ? ([out, width] as const) : undefined)
  const first = (y: Tensor) => (used < inner ? slice(y, -1, 0, used) : y)
  const [gate, up] = config.fused_projections
    ? splitLast(linear(p.at('gate_up_proj'), x, 2 * inner, bias), [inner]).map(first)
    : ['gate_proj', 'up_proj'].map((name) => linear(p.at(name), x, used, bias, of(inner, width)))
  return linear(p.at('down_proj'), mul(activation(config.hidden_act)(gate), up), width, bias, of(width, inner))
}

/** The last axis in parts of the given sizes, and the rest. */
function splitLast(x: Tensor, sizes: readonly number[]): Tensor[] {
  const start = (part: number) => sizes.slice(0, part).reduce((sum, size) => sum + size, 0)
  return [...sizes, undefined].map((size, at) => slice(x, -1, start(at), size && start(at) + size))
}

/** Rotates the first `width` numbers of every head of x [b, s, heads * d]. */
function rotatePart(x: Tensor, rotary: Rotation, heads: number, width?: number): Tensor {
  if (width === undefined) return rotate(x, rotary, heads)
  const [batch, length] = x.shape
  const apart = reshape(x, [batch, length, heads, fixedDim('rotate', x, -1) / heads])
  const turned = rotate(reshape(slice(apart, -1, 0, width), [batch, length, heads * width]), rotary, heads)
  const whole = concat([reshape(turned, [batch, length, heads, width]), slice(apart, -1, width)], -1)
  return reshape(whole, x.shape)
}

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
