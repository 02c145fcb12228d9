import { z } from 'zod'
import { activation, embedding, layerNormed, linear, type Scope } from '../../nn/index.ts'
import { add, cast, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, configError, layerCount, optionalSize, parseConfig, size } from '../config.ts'
import { type LanguageModel, language } from './language-model.ts'
import { causalMask } from './masks.ts'
import { fedForward, type SelfAttentionOptions, selfAttention } from './self-attention.ts'
import { type DecoderOptions, type DecoderResult, type Hidden, type PastLayer, throughLayers } from './sequence.ts'

const schema = z.object({
  vocab_size: size.default(50272),
  hidden_size: size.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: size.default(12),
  ffn_dim: size.default(3072),
  max_position_embeddings: size.default(2048),
  activation_function: act.default('relu'),
  do_layer_norm_before: z.boolean().default(true),
  _remove_final_layer_norm: z.boolean().default(false),
  word_embed_proj_dim: optionalSize,
  enable_bias: z.boolean().default(true),
  layer_norm_elementwise_affine: z.literal(true).default(true),
  tie_word_embeddings: z.boolean().default(true),
})

type OptConfig = z.output<typeof schema>

/** The first rows of the position table were left for padding. */
const FIRST_POSITION = 2

const decoderScope = (p: Scope): Scope => p.at('model', 'decoder')

/** `text_config` of an OPT. Throws FoveaError `config_invalid` naming the field that does not fit. */
function optConfig(raw: unknown, part: string): OptConfig {
  const config = parseConfig(schema, raw, part)
  const { hidden_size: width, num_attention_heads: heads, word_embed_proj_dim = width } = config
  assertHeads(heads, width, part)
  if (word_embed_proj_dim !== width)
    throw configError(
      `${part}.word_embed_proj_dim`,
      `${word_embed_proj_dim} is not hidden_size ${width}; embeddings of another width have no room for visual tokens`,
    )
  return config
}

/** OPT (Zhang et al., arXiv 2205.01068): learnt positions, LayerNorm before each block or (350M) after it, ReLU. */
export function optModel(raw: unknown, part: string): LanguageModel {
  const config = optConfig(raw, part)
  const { hidden_size: width, num_attention_heads: heads, vocab_size: vocabulary } = config
  const table = (p: Scope) => decoderScope(p).at('embed_tokens')
  return {
    layers: config.num_hidden_layers,
    heads: { count: heads, keyValue: heads, width: width / heads },
    hiddenSize: width,
    vocabulary,
    contextLength: config.max_position_embeddings,
    wholePositions: 'learnt',
    ignored: config.tie_word_embeddings ? ['lm_head.'] : [],
    embed: (p, ids) => embedding(table(p), ids, vocabulary, width),
    decode: (p, start, options) => opt(decoderScope(p), config, start, options),
    extend: (p, start, count, options = {}) => throughOpt(p, config, start, count, options),
    logits: (p, hidden) => linear(config.tie_word_embeddings ? table(p) : p.at('lm_head'), hidden, vocabulary, false),
  }
}

/** So many layers, without what lies before and behind them. */
const throughOpt = (p: Scope, config: OptConfig, start: Hidden, count: number, options: DecoderOptions) =>
  throughLayers(start, count, options.stages, (index, input) => {
    const past = options.past?.[index]
    const mask = (rows?: PastLayer) => (options.mask ?? causalMask)(rows, input)
    const causal = !options.mask && !input.tags?.segment
    return decoderLayer(p.at('layers', index), config, input, { index, mask, past, causal, stages: options.stages })
  })

function opt(p: Scope, config: OptConfig, start: Hidden, options: DecoderOptions = {}): DecoderResult {
  const { max_position_embeddings: positions, hidden_size: width } = config
  const places = add(cast(start.positions, 'i64'), FIRST_POSITION)
  const placed = embedding(p.at('embed_positions'), places, positions + FIRST_POSITION, width)
  const placedStart: Hidden = { ...start, states: add(start.states, placed) }
  const { layers, last } = throughOpt(p, config, placedStart, config.num_hidden_layers, options)
  const isNormed = config.do_layer_norm_before && !config._remove_final_layer_norm
  return { layers, last, hidden: isNormed ? layerNormed(p.at('final_layer_norm'), last.states) : last.states }
}

type LayerContext = Pick<SelfAttentionOptions, 'index' | 'past' | 'mask' | 'causal' | 'stages'>

function decoderLayer(p: Scope, config: OptConfig, input: Hidden, context: LayerContext) {
  const { hidden_size: width, num_attention_heads: heads, enable_bias: bias } = config
  const x = input.states
  const normed = normBefore(p.at('self_attn_layer_norm'), config, x)
  const project = (name: string) => linear(p.at('self_attn', name), normed, width, bias)
  const projected = { q: project('q_proj'), k: project('k_proj'), v: project('v_proj') }
  const { mixed, ...seen } = selfAttention(projected, input, { heads, ...context })
  const attended = normAfter(
    p.at('self_attn_layer_norm'),
    config,
    add(x, linear(p.at('self_attn', 'out_proj'), mixed, width, bias)),
  )

  const plain = (y: Tensor, share = 1) => {
    const used = Math.floor(config.ffn_dim * share)
    const of = (out: number, width: number) => (used < config.ffn_dim ? ([out, width] as const) : undefined)
    const inner = linear(p.at('fc1'), y, used, bias, of(config.ffn_dim, width))
    return linear(p.at('fc2'), activation(config.activation_function)(inner), width, bias, of(width, config.ffn_dim))
  }
  const fed = fedForward(context, normBefore(p.at('final_layer_norm'), config, attended), plain, input)
  return { ...seen, output: normAfter(p.at('final_layer_norm'), config, add(attended, fed)) }
}

const normBefore = (p: Scope, { do_layer_norm_before }: OptConfig, x: Tensor): Tensor =>
  do_layer_norm_before ? layerNormed(p, x) : x

const normAfter = (p: Scope, { do_layer_norm_before }: OptConfig, x: Tensor): Tensor =>
  do_layer_norm_before ? x : layerNormed(p, x)

export const optLanguage = language({ modelType: 'opt', read: optModel })
