import { z } from 'zod'
import {
  activation,
  attend,
  attentionWeights,
  embedding,
  layerNormed,
  linear,
  mergeHeads,
  type Scope,
  splitHeads,
} from '../../nn/index.ts'
import { add, arange, argmax, concat, mean, reshape, slice, type Tensor } from '../../tensor/index.ts'
import { act, assertHeads, layerCount, parseConfig, size } from '../config.ts'

/**
 * The Querying Transformer of BLIP-2 (Li et al., arXiv 2301.12597, section 3.1): a BERT whose first tokens are learnt
 * queries. All tokens attend to each other; every few layers the queries also attend to the image. However many patches
 * there are, the queries are what comes out.
 */
const schema = z.object({
  vocab_size: size.default(30522),
  hidden_size: size.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  hidden_act: act.default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-12),
  max_position_embeddings: size.default(512),
  cross_attention_frequency: size.default(2),
  position_embedding_type: z.literal('absolute').default('absolute'),
})

export type QFormerConfig = z.output<typeof schema>

/** `qformer_config`, checked. Throws FoveaError `config_invalid` naming the field that does not fit. */
export function qformerConfig(raw: unknown, part: string): QFormerConfig {
  const config = parseConfig(schema, raw, part)
  const { hidden_size: width, num_attention_heads: heads } = config
  assertHeads(heads, width, part)
  return config
}

export interface QFormerInput {
  /** Normalised queries, and after them normalised embeddings of a text if there is one: [b, q + t, d]. */
  readonly states: Tensor
  /** How many of them are queries. */
  readonly queries: number
  /** What the queries look at, [b, n, d of the image]. */
  readonly memory: Tensor
}

export interface QFormerOutput {
  /** [b, q, d] */
  readonly queries: Tensor
  /** How each layer with cross-attention looked at the image, first layer first: [b, h, q, n]. */
  readonly attention: readonly Tensor[]
}

/** Layers `layer.0`, `layer.1`, ... below the scope. */
export function qformer(p: Scope, config: QFormerConfig, { states, queries, memory }: QFormerInput): QFormerOutput {
  const attention: Tensor[] = []
  let hidden = states
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const scope = p.at('layer', index)
    const attended = attentionBlock(scope.at('attention'), config, hidden, hidden).output
    const [asking, reading] = [slice(attended, 1, 0, queries), slice(attended, 1, queries)]
    const looks = index % config.cross_attention_frequency === 0
    const cross = looks ? attentionBlock(scope.at('crossattention'), config, asking, memory) : undefined
    if (cross) attention.push(cross.weights)
    const asked = feedForward(scope, '_query', config, cross?.output ?? asking)
    const read = states.shape[1] === queries ? undefined : feedForward(scope, '', config, reading)
    // Nothing looks at the text of the last layer, but its weights are part of the checkpoint.
    hidden = read && index < config.num_hidden_layers - 1 ? concat([asked, read], 1) : asked
  }
  return { queries: hidden, attention }
}

/** Attention with its output layer, residual and norm: x [b, s, d] looks at `memory` [b, n, e]. */
function attentionBlock(p: Scope, config: QFormerConfig, x: Tensor, memory: Tensor) {
  const { hidden_size: width, num_attention_heads: heads } = config
  const project = (name: string, from: Tensor) => splitHeads(linear(p.at('attention', name), from, width), heads)
  const weights = attentionWeights(project('query', x), project('key', memory))
  const mixed = mergeHeads(attend(weights, project('value', memory)))
  const output = linear(p.at('output', 'dense'), mixed, width)
  return { weights, output: layerNormed(p.at('output', 'LayerNorm'), add(output, x), config.layer_norm_eps) }
}

/** Queries and text have feed-forward layers of their own, which differ in the ending of their names. */
function feedForward(p: Scope, ending: '_query' | '', config: QFormerConfig, x: Tensor): Tensor {
  const inner = linear(p.at(`intermediate${ending}`, 'dense'), x, config.intermediate_size)
  const output = p.at(`output${ending}`)
  const mixed = linear(output.at('dense'), activation(config.hidden_act)(inner), config.hidden_size)
  return layerNormed(output.at('LayerNorm'), add(mixed, x), config.layer_norm_eps)
}

/** Embeddings of a text, before the norm: ids [b, t] -> [b, t, d]. */
export function qformerText(p: Scope, config: QFormerConfig, ids: Tensor): Tensor {
  const { vocab_size, max_position_embeddings: positions, hidden_size: width } = config
  const words = embedding(p.at('word_embeddings'), ids, vocab_size, width)
  return add(words, embedding(p.at('position_embeddings'), arange(ids.shape[1]), positions, width))
}

/**
 * The query that looks at each patch most, i64 [b, n]: mean attention over heads and layers. `special` tokens of the
 * encoder stand before the patches.
 */
export function strongestQuery({ attention }: QFormerOutput, special: number): Tensor {
  const mass = attention.map((weights) => mean(slice(weights, 3, special), 1)) // [b, q, n]
  return argmax(mass.length === 1 ? mass[0] : mean(stack(mass), 0), 1)
}

const stack = (parts: readonly Tensor[]): Tensor =>
  concat(
    parts.map((part) => reshape(part, [1, ...part.shape])),
    0,
  )
