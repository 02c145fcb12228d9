import { z } from 'zod'
import {
  activation,
  attend,
  attentionWeights,
  embedding,
  linear,
  mergeHeads,
  rmsNormed,
  type Scope,
  splitHeads,
} from '../../nn/index.ts'
import { add, addDim, arange, cast, type Dim, dimValue, mul, reshape, type Tensor } from '../../tensor/index.ts'
import { act, configError, headSize, layerCount, optionalLayerCount, parseConfig, size } from '../config.ts'
import { type LanguageModel, language } from './language-model.ts'
import { causalMask } from './masks.ts'
import { relativeBias } from './relative-positions.ts'
import {
  type DecoderLayer,
  type DecoderOptions,
  type DecoderResult,
  type Hidden,
  type PastLayer,
  pastLength,
  throughLayers,
  withPast,
} from './sequence.ts'

const schema = z.object({
  vocab_size: size.default(32128),
  d_model: size.default(512),
  d_kv: headSize.default(64),
  d_ff: size.default(2048),
  num_layers: layerCount.default(6),
  num_decoder_layers: optionalLayerCount,
  num_heads: size.default(8),
  n_positions: size.default(512),
  relative_attention_num_buckets: size.default(32),
  relative_attention_max_distance: headSize.default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: z
    .string()
    .regex(/^(gated-)?[^-]+$/, 'must be an activation, or "gated-" and one')
    .default('relu'),
  dense_act_fn: act.nullish(),
  is_gated_act: z.boolean().nullish(),
  decoder_start_token_id: z.int().nonnegative().nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
  tie_word_embeddings: z.boolean().default(true),
  scale_decoder_outputs: z.boolean().optional(),
})

interface T5Config extends z.output<typeof schema> {
  /** Of the feed-forward layers. */
  readonly activation: string
  readonly isGated: boolean
}

function t5Config(raw: unknown, part: string): T5Config {
  const config = parseConfig(schema, raw, part)
  if (config.relative_attention_num_buckets % 4)
    throw configError(
      `${part}.relative_attention_num_buckets`,
      `${config.relative_attention_num_buckets} buckets cannot be halved twice`,
    )
  const [kind, isGated] = [config.feed_forward_proj, config.feed_forward_proj.startsWith('gated-')]
  const named = kind === 'gated-gelu' ? 'gelu_new' : kind.replace('gated-', '')
  // What a file says apart from the joint name overrules it: flan-T5 in BLIP-2 takes the exact GELU.
  const activation = config.dense_act_fn ?? parseConfig(act, named, `${part}.feed_forward_proj`)
  return { ...config, activation, isGated: config.is_gated_act ?? isGated }
}

/**
 * T5 (Raffel et al., arXiv 1910.10683) and flan-T5: the prompt goes through an encoder, whose layers are the ones that
 * methods act on; the decoder writes the answer and looks at what is left of the prompt.
 */
export function t5Model(raw: unknown, part: string): LanguageModel {
  const config = t5Config(raw, part)
  const { d_model: width, num_heads: heads, vocab_size: vocabulary } = config
  return {
    layers: config.num_layers,
    // No position is too far for its biases, but longer than this it was not trained.
    contextLength: config.n_positions,
    caches: 2 * (config.num_decoder_layers ?? config.num_layers),
    answerStart: config.decoder_start_token_id ?? config.pad_token_id ?? 0,
    wholePositions: 'relative',
    heads: { count: heads, keyValue: heads, width: config.d_kv },
    hiddenSize: width,
    vocabulary,
    // Both stacks look tokens up in the shared table; some files hold it once for each.
    ignored: ['encoder.embed_tokens.', 'decoder.embed_tokens.'],
    // Files of both kinds exist under one config.
    fallbacks: { 'lm_head.weight': 'shared.weight' },
    embed: (p, ids) => embedding(p.at('shared'), ids, vocabulary, width),
    decode: (p, start, options) => t5(p, config, start, options),
    logits: (p, hidden) => linear(p.at('lm_head'), hidden, vocabulary, false),
  }
}

function t5(p: Scope, config: T5Config, start: Hidden, options: DecoderOptions): DecoderResult {
  const encoded = encode(p.at('encoder'), config, start, options)
  const { layers, hidden } = decode(p.at('decoder'), config, encoded, options)
  const isScaled = config.scale_decoder_outputs ?? config.tie_word_embeddings
  return { layers, last: encoded, hidden: isScaled ? mul(hidden, config.d_model ** -0.5) : hidden }
}

/** The prompt, normalised; every token sees every other. */
function encode(p: Scope, config: T5Config, start: Hidden, { stages }: DecoderOptions): Hidden {
  const biasOf = biases(p, config, true)
  const { last } = throughLayers(start, config.num_layers, stages, (index, input) => {
    const layer = p.at('block', index, 'layer')
    const bias = biasOf(input.positions, input.positions)
    const normed = rmsNormed(layer.at(0, 'layer_norm'), input.states, config.layer_norm_epsilon)
    const attended = attention(layer.at(0, 'SelfAttention'), config, normed, { memory: normed, bias })
    return { ...attended, output: feedForward(layer.at(1), config, add(input.states, attended.output)) }
  })
  return { ...last, states: rmsNormed(p.at('final_layer_norm'), last.states, config.layer_norm_epsilon) }
}

/** Each block keeps two caches: of the answer, and of the prompt that it looks at. */
function decode(p: Scope, config: T5Config, prompt: Hidden, { past, answer }: DecoderOptions) {
  const { layer_norm_epsilon: epsilon } = config
  const layers: DecoderLayer[] = []
  const biasOf = biases(p, config, false)
  const length = answer!.shape[1]
  let states = answer!
  for (let index = 0; index < (config.num_decoder_layers ?? config.num_layers); index++) {
    const layer = p.at('block', index, 'layer')
    const [own, shared] = [past?.[2 * index], past?.[2 * index + 1]]
    const before = pastLength(own)
    const input = { states, positions: places(before, length) }
    const bias = add(biasOf(input.positions, places(0, addDim(before, length))), causalMask(own, input))
    const memory = rmsNormed(layer.at(0, 'layer_norm'), states, epsilon)
    const attended = attention(layer.at(0, 'SelfAttention'), config, memory, { memory, bias, past: own })
    states = add(states, attended.output)
    const asking = rmsNormed(layer.at(1, 'layer_norm'), states, epsilon)
    const cross = attention(layer.at(1, 'EncDecAttention'), config, asking, { memory: prompt.states, past: shared })
    states = feedForward(layer.at(2), config, add(states, cross.output))
    layers.push({ ...attended, input }, { ...cross, input: prompt, output: states })
  }
  return { layers, hidden: rmsNormed(p.at('final_layer_norm'), states, epsilon) }
}

/** Float positions from `first` on, [1, length]. */
const places = (first: Dim, length: Dim): Tensor =>
  reshape(cast(add(arange(length), dimValue(first)), 'f32'), [1, length])

/** The position bias that all layers of a stack share; its table lies in the first. */
function biases(p: Scope, config: T5Config, bothWays: boolean) {
  const { relative_attention_num_buckets: buckets, relative_attention_max_distance: maxDistance } = config
  const table = p.at('block', 0, 'layer', 0, 'SelfAttention', 'relative_attention_bias')
  return (queries: Tensor, keys: Tensor) =>
    relativeBias(table('weight', [buckets, config.num_heads]), queries, keys, { buckets, maxDistance, bothWays })
}

interface AttentionContext {
  /** What keys and values are made of, [b, t, d]. */
  readonly memory: Tensor
  readonly bias?: Tensor
  readonly past?: PastLayer
}

/** Attention whose scores are not scaled: the queries are scaled up instead. `output` is what it adds to x. */
function attention(p: Scope, config: T5Config, x: Tensor, { memory, bias, past }: AttentionContext) {
  const { d_kv: width, num_heads: heads, d_model } = config
  const project = (name: string, from: Tensor) => splitHeads(linear(p.at(name), from, heads * width, false), heads)
  const queries = mul(project('q', x), Math.sqrt(width))
  const [keys, values] = [project('k', memory), project('v', memory)]
  const [allKeys, allValues] = [withPast(past?.keys, keys), withPast(past?.values, values)]
  const mixed = mergeHeads(attend(attentionWeights(queries, allKeys, bias), allValues))
  return { queries, keys, values, allKeys, bias, output: linear(p.at('o'), mixed, d_model, false) }
}

function feedForward(p: Scope, config: T5Config, x: Tensor): Tensor {
  const { d_ff, d_model, layer_norm_epsilon, isGated, activation: name } = config
  const normed = rmsNormed(p.at('layer_norm'), x, layer_norm_epsilon)
  const project = (name: string) => linear(p.at('DenseReluDense', name), normed, d_ff, false)
  const f = activation(name)
  const inner = isGated ? mul(f(project('wi_0')), project('wi_1')) : f(project('wi'))
  return add(x, linear(p.at('DenseReluDense', 'wo'), inner, d_model, false))
}

export const t5Language = language({ modelType: 't5', read: t5Model })
