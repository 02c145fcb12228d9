import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { embedTokens, headWidth, type LlamaConfig, llama, logitsOf } from './llama.ts'
import type { DecoderOptions, DecoderResult, Hidden } from './sequence.ts'

/** A decoder with its config bound. Its weights are `model.*` and `lm_head.*` below the scope it is given. */
export interface LanguageModel {
  readonly layers: number
  readonly heads: { readonly count: number; readonly keyValue: number; readonly width: number }
  readonly hiddenSize: number
  readonly vocabulary: number
  /** Positions it has learnt; absent: its positions go on. */
  readonly contextLength?: number
  /** Layers whose keys and values are kept; those of `layers` when absent. */
  readonly caches?: number
  /** Of an encoder-decoder: the token that each answer begins with. */
  readonly answerStart?: number
  /** Weights that a checkpoint may leave out, and those whose values they have then. */
  readonly fallbacks?: Readonly<Record<string, string>>
  /** The embedding table is also the output layer. */
  readonly tied: boolean
  /** ids [...] -> embeddings [..., d]. */
  embed(p: Scope, ids: Tensor): Tensor
  decode(p: Scope, start: Hidden, options: DecoderOptions): DecoderResult
  /** Normalised hidden states [..., d] -> logits [..., vocabulary]. */
  logits(p: Scope, hidden: Tensor): Tensor
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
  tied: config.tie_word_embeddings ?? false,
  embed: (p, ids) => embedTokens(p, config, ids),
  decode: (p, start, options) => llama(p, config, start, options),
  logits: (p, hidden) => logitsOf(p, config, hidden),
})
