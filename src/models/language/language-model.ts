import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { embedTokens, headWidth, type LlamaConfig, lastNorm, llama, logitsOf, throughLlama } from './llama.ts'
import type { DecoderLayer, DecoderOptions, DecoderResult, Hidden, PastLayer } from './sequence.ts'

/** Caches of layers that a method puts between those of a language model; they lie behind the model's own. */
export interface FurtherCaches {
  /** Cached rows of such a layer, counted from 0; none where nothing is cached, as in training. */
  past(index: number): PastLayer | undefined
  /** Keeps the keys and values that such a layer computed. */
  keep(index: number, layer: DecoderLayer): void
}

/** A language model with its config bound. Its weights are `model.*` and `lm_head.*`, below a prefix after `within`. */
export interface LanguageModel {
  readonly layers: number
  readonly heads: { readonly count: number; readonly keyValue: number; readonly width: number }
  readonly hiddenSize: number
  readonly vocabulary: number
  /** Positions that it has learnt or was made for, for prompt and answer together; absent: they go on. */
  readonly contextLength?: number
  /**
   * Axes of the rotary positions. With 3 (time, row, column: M-RoPE) the patches of a view lie in a grid; absent: a
   * position is a place in the sequence.
   */
  readonly positionAxes?: 3
  /** How positions are read where they are not rotary: what lies between whole ones means nothing then. */
  readonly wholePositions?: 'learnt' | 'relative'
  /** Layers whose keys and values are kept; those of `layers` when absent. */
  readonly caches?: number
  /**
   * Of an encoder-decoder: the token that each answer begins with. The whole prompt goes through the encoder at once, so
   * every turn reads the conversation anew.
   */
  readonly answerStart?: number
  /** A prompt sees itself in full: what was read of a shorter one is not what is read of one that goes on. */
  readonly seesAhead?: true
  /** Why tokens of an answer that are read together are not what they are one after another; absent where they are. */
  readonly oneByOne?: string
  /** Beginnings of the names of weights that a checkpoint may hold and this model does not need, such as a tied head. */
  readonly ignored: readonly string[]
  /** Weights that a checkpoint may leave out, and those whose values they have then. */
  readonly fallbacks?: Readonly<Record<string, string>>
  /** ids [...] -> embeddings [..., d]. */
  embed(p: Scope, ids: Tensor): Tensor
  decode(p: Scope, start: Hidden, options: DecoderOptions): DecoderResult
  /** The norm behind its last layer, of any states [..., d]; absent: none that stands alone. */
  norm?(p: Scope, states: Tensor): Tensor
  /** So many further layers of the kind of its decoder, with weights of their own, `layers.*` where p is; absent: none. */
  extend?(p: Scope, start: Hidden, count: number, options?: ExtendOptions): Omit<DecoderResult, 'hidden'>
  /** Caches for such layers, where a method asked for some. */
  readonly further?: FurtherCaches
  /** Normalised hidden states [..., d] -> logits [..., vocabulary]. */
  logits(p: Scope, hidden: Tensor): Tensor
}

/** Cached rows of each further layer, and what is put around their parts. */
export type ExtendOptions = Pick<DecoderOptions, 'past' | 'stages'>

/** How the `text_config` of a `model_type` is read. A file that declares one is found by itself. */
export interface Language {
  readonly modelType: string
  /** Throws FoveaError `config_invalid` naming the field that does not fit. */
  read(raw: unknown, part: string): LanguageModel
}

export const language = (definition: Language): Language => definition

/** The same language model, its weights below a prefix: "lm_head.weight" becomes "prefix.lm_head.weight". */
export function within(prefix: string, model: LanguageModel): LanguageModel {
  const { ignored, fallbacks, embed, decode, norm, logits } = model
  const named = (name: string) => `${prefix}.${name}`
  return {
    ...model,
    ignored: ignored.map(named),
    fallbacks: fallbacks && Object.fromEntries(Object.entries(fallbacks).map((names) => names.map(named))),
    embed: (p, ids) => embed(p.at(prefix), ids),
    decode: (p, start, options) => decode(p.at(prefix), start, options),
    ...(norm && { norm: (p: Scope, states: Tensor) => norm(p.at(prefix), states) }),
    logits: (p, hidden) => logits(p.at(prefix), hidden),
  }
}

/** A decoder of LLaMA's shape. */
export const llamaModel = (config: LlamaConfig): LanguageModel => ({
  layers: config.num_hidden_layers,
  heads: {
    count: config.num_attention_heads,
    keyValue: config.num_key_value_heads,
    width: headWidth(config),
  },
  hiddenSize: config.hidden_size,
  vocabulary: config.vocab_size,
  contextLength: config.context_length,
  ...((config.rotary_scaling?.type === 'dynamic' || config.long_rope) && {
    oneByOne: 'its rotary positions stretch with the length of what is read',
  }),
  ignored: config.tie_word_embeddings ? ['lm_head.'] : [],
  embed: (p, ids) => embedTokens(p, config, ids),
  decode: (p, start, options) => llama(p, config, start, options),
  norm: (p, states) => lastNorm(p, config, states),
  extend: (p, start, count, options = {}) => throughLlama(p, config, start, count, options),
  logits: (p, hidden) => logitsOf(p, config, hidden),
})
