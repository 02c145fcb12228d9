import type { Scoring } from '../../nn/index.ts'
import { concat, type Dim, reshape, type Tensor, transpose } from '../../tensor/index.ts'

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
  /** Added to the scores of these, where a model has more than a mask: [1, h, s, past + s]. */
  readonly bias?: Tensor
  /** How the layer scores keys, where that is not the usual way. */
  readonly scoring?: Scoring
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
  /** Of an encoder-decoder: embeddings of the new tokens of the answer, [1, a, d]; the prompt is what `decode` starts with. */
  readonly answer?: Tensor
  /**
   * Additive mask [b, 1, s, past + s] for a layer (undefined: everything is seen) whose tokens look back over a window;
   * causal over past and new tokens when absent.
   */
  readonly mask?: (past: Dim, length: Dim, window?: number) => Tensor | undefined
  /** Rewrites the sequence before a layer; sees the layers that came before. */
  readonly beforeLayer?: (index: number, hidden: Hidden, layers: readonly DecoderLayer[]) => Hidden
}

/** One entry for each layer whose keys and values are kept. */
export interface DecoderResult {
  readonly layers: readonly DecoderLayer[]
  /** The sequence that each layer was given. */
  readonly inputs: readonly Hidden[]
  /** Normalised output, [b, s, d]. */
  readonly hidden: Tensor
}

/** New keys or values [1, hk, s, d] -> cache rows [s, hk, d]. */
export const toRows = (x: Tensor): Tensor => reshape(transpose(x, [0, 2, 1, 3]), [x.shape[2], x.shape[1], x.shape[3]])

/** Keys or values of cached rows [past, hk, d] and of new tokens [b, hk, s, d]: [b, hk, past + s, d]. */
export function withPast(rows: Tensor | undefined, x: Tensor): Tensor {
  if (!rows) return x
  const [past, heads, width] = rows.shape
  return concat([reshape(transpose(rows, [1, 0, 2]), [1, heads, past, width]), x], 2)
}
