import type { Dim, Tensor } from '../../tensor/index.ts'

/** Hidden states on their way through a decoder. Batch is 1 wherever tokens are dropped. */
export interface Hidden {
  /** [b, s, d] */
  readonly states: Tensor
  /** Float positions for the rotary embedding, [b, s], or [b, s, axes] where they have several axes (M-RoPE). */
  readonly positions: Tensor
}

/** What one decoder layer computed, for methods that read it. Nothing is computed unless it is used. */
export interface DecoderLayer {
  /** Rotated queries [b, h, s, d] and keys of the new tokens [b, hk, s, d]. */
  readonly queries: Tensor
  readonly keys: Tensor
  readonly values: Tensor
  /** Keys of past and new tokens, [b, hk, past + s, d]. */
  readonly allKeys: Tensor
  /** Output of the layer, [b, s, d]. */
  readonly output: Tensor
}

/** Cached keys and values of one layer, rows of the past first: [past, hk, d]. */
export interface PastLayer {
  readonly keys: Tensor
  readonly values: Tensor
}

export interface DecoderOptions {
  /** Cached rows per layer; each layer may hold another number of them. */
  readonly past?: readonly PastLayer[]
  /** Additive mask [b, 1, s, past + s] for a layer; causal over past and new tokens when absent. */
  readonly mask?: (past: Dim, length: Dim) => Tensor
  /** Rewrites the sequence before a layer; sees the layers that came before. */
  readonly beforeLayer?: (index: number, hidden: Hidden, layers: readonly DecoderLayer[]) => Hidden
}

export interface DecoderResult {
  readonly layers: readonly DecoderLayer[]
  /** The sequence that each layer was given. */
  readonly inputs: readonly Hidden[]
  /** Normalised output, [b, s, d]. */
  readonly hidden: Tensor
}
