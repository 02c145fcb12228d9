import type { Scoring } from '../../nn/index.ts'
import { concat, type Dim, reshape, type Tensor, transpose } from '../../tensor/index.ts'

/** Hidden states on their way through a decoder. */
export interface Hidden {
  /** [b, s, d] */
  readonly states: Tensor
  /** Float positions for the rotary embedding, [b, s], or [b, s, axes] where they have several axes (M-RoPE). */
  readonly positions: Tensor
  readonly tags?: SlotTags
}

/** What the slots of a sequence are, i64 [b, s] each. What no program reads is not computed, nor kept beside the keys. */
export interface SlotTags {
  /** Slots see their own segment and segment 0 only; everything is one segment when absent. */
  readonly segment?: Tensor
  /** The view that a visual token is of, counted from 0 over the whole prompt; -1 for text. */
  readonly view?: Tensor
  /** Token id of text; -1 for visual tokens, and for what only fills a batch up. */
  readonly token?: Tensor
  /** Its row and its column in that view, in whole patches; -1 for text. */
  readonly row?: Tensor
  readonly column?: Tensor
  /** 1 for what the model itself says, as training has it behind a prompt; all is prompt when absent. */
  readonly answer?: Tensor
}

/** What one decoder layer computed, and on what, for methods that read it. Nothing is computed unless it is used. */
export interface DecoderLayer {
  /** The sequence that the layer was given. */
  readonly input: Hidden
  /** Rotated queries [b, h, s, d] and keys of the new tokens [b, hk, s, d]. */
  readonly queries: Tensor
  readonly keys: Tensor
  readonly values: Tensor
  /** The keys of the new tokens before they were rotated. */
  readonly unrotated?: Tensor
  /** Cached rows as the layer looked at them. */
  readonly past?: PastLayer
  /** Keys of past and new tokens, [b, hk, past + s, d]. */
  readonly allKeys: Tensor
  /** Added to the scores of these, where a model has more than a mask: [1, h, s, past + s]. */
  readonly bias?: Tensor
  /** What hides more from them than what lies ahead, [b or 1, h or 1, s, past + s]; absent where nothing does. */
  readonly mask?: () => Tensor | undefined
  /** How the layer scores keys, where that is not the usual way. */
  readonly scoring?: Scoring
  /** Its attention written out, [b, h, s, past + s]: what values are mixed by, but for where a fused op computes the same. */
  readonly attention?: () => Tensor
  /** Output of the layer, [b, s, d]. */
  readonly output: Tensor
}

/** Cached rows of one layer, those of the past first. */
export interface PastLayer {
  /** Keys and values, [past, hk, d] each. */
  readonly keys: Tensor
  readonly values: Tensor
  /** What the rows are, i64 [1, past] each. */
  readonly tags?: SlotTags
  /** Where the rows are looked at, [1, past], or [1, past, axes]: their keys are not rotated yet. */
  readonly positions?: Tensor
  /** Rows before these that every query sees from one distance, wherever it stands. */
  readonly far?: FarRows
  /** What these rows were chosen from. */
  readonly store?: RowStore
}

/** Keys, not rotated yet, and values, [n, hk, d] each. */
export interface FarRows {
  readonly keys: Tensor
  readonly values: Tensor
  readonly distance: number
}

/** All that is kept of a layer, [rows, ...] each; keys are not rotated. A run looks at some of it. */
export interface RowStore {
  readonly keys: Tensor
  readonly values: Tensor
  readonly positions: Tensor
  /** Blocks that may be looked at as well. */
  readonly blocks: {
    /** The first row of each, i64 [blocks]. */
    readonly first: Tensor
    /** The rows of one: 0, 1, ..., i64 [w]. */
    readonly within: Tensor
    /** As many zeros as blocks are to be taken, i64 [take]: they go into what is taken, so that the number is known. */
    readonly take: Tensor
  }
  /** Rows to be seen from one distance, i64 [n]. */
  readonly sinks: Tensor
  /** First rows of the blocks that a method took, i64 [take]. */
  readonly taken?: Tensor
}

/** What a layer looks at with: queries [b, s, h d], keys and values [b, s, hk d], not rotated yet. */
export interface Projected {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
}

/** One attention, before it looks. */
export interface Asked extends Projected {
  readonly input: Hidden
  readonly past?: PastLayer
  /** Added to the scores beside what the model itself hides, [b or 1, h or 1, s, past + s]. */
  readonly mask?: Tensor
  /** Where the new tokens stand, [b, s], or [b, s, axes]; as in their sequence when absent. */
  readonly positions?: Tensor
  /** Whether keys and queries are rotated by their positions. */
  readonly isRotary: boolean
  /** What these see although the model itself hides it, bool [b or 1, h or 1, s, past + s]. */
  readonly reveal?: Tensor
  /** What becomes of the weights of attention, [b, h, s, past + s], before they mix the values. */
  readonly weigh?: (weights: Tensor) => Tensor
}

/** A feed-forward layer [b, s, d] -> [b, s, d], with all its inner neurons or with the first ones: a share of them, rounded down. */
export type FeedForward = (x: Tensor, share?: number) => Tensor

/** What may be put around the layers of a decoder and around their parts; `next` is the part as it is. */
export interface DecoderStages {
  layer?(index: number, input: Hidden, next: (input: Hidden) => Hidden, ran: readonly DecoderLayer[]): Hidden
  /** -> what the heads bring together, [b, s, h d], before the output projection. */
  attention?(index: number, asked: Asked, next: (asked: Asked) => Tensor): Tensor
  /** Normalised states -> what the feed-forward layer adds, [b, s, d] both. */
  feedForward?(index: number, x: Tensor, next: FeedForward, input: Hidden): Tensor
}

/** What a query may look at: an additive mask [b or 1, 1, s, past + s], or undefined where it sees everything. */
export type MaskOf = (past: PastLayer | undefined, input: Slots, window?: number) => Tensor | undefined

/** As much of a sequence as says what its slots are. */
export type Slots = Pick<Hidden, 'states' | 'tags'>

export interface DecoderOptions {
  /** Cached rows per layer; each layer may hold another number of them. */
  readonly past?: readonly PastLayer[]
  /** Of an encoder-decoder: embeddings of the new tokens of the answer, [1, a, d]; the prompt is what `decode` starts with. */
  readonly answer?: Tensor
  /** Of a layer whose tokens look back over a window; causal over past and new tokens when absent. */
  readonly mask?: MaskOf
  readonly stages?: DecoderStages
}

export interface DecoderResult {
  /** One entry for each layer that keeps keys and values; a layer that was left out has none. */
  readonly layers: readonly DecoderLayer[]
  /** The sequence as the last layer left it. */
  readonly last: Hidden
  /** Its states, normalised, [b, s, d]. */
  readonly hidden: Tensor
}

/** Runs a sequence through the layers of a decoder. What each layer was given is recorded beside what it computed. */
export function throughLayers(
  start: Hidden,
  count: number,
  stages: DecoderStages | undefined,
  run: (index: number, input: Hidden) => Omit<DecoderLayer, 'input'>,
): { readonly layers: readonly DecoderLayer[]; readonly last: Hidden } {
  const layers: DecoderLayer[] = []
  let hidden = start
  for (let index = 0; index < count; index++) {
    const next = (input: Hidden): Hidden => {
      layers[index] = { ...run(index, input), input }
      return { ...input, states: layers[index].output }
    }
    hidden = stages?.layer ? stages.layer(index, hidden, next, layers) : next(hidden)
  }
  return { layers, last: hidden }
}

/** Rows of the past, 0 without a cache. */
export const pastLength = (past?: PastLayer): Dim => past?.keys.shape[0] ?? 0

/** A tag of cached rows and of new slots, [b, past + s]; a cache has the tags of all its rows. */
export function allTags(tag: keyof SlotTags, own: Tensor, past?: PastLayer): Tensor {
  const before = past?.tags?.[tag]
  return before ? concat([before, own], 1) : own
}

/** New keys or values [1, hk, s, d] -> cache rows [s, hk, d]. */
export const toRows = (x: Tensor): Tensor => reshape(transpose(x, [0, 2, 1, 3]), [x.shape[2], x.shape[1], x.shape[3]])

/** Cache rows [n, hk, d] -> keys or values [1, hk, n, d]. */
export function fromRows(rows: Tensor): Tensor {
  const [count, heads, width] = rows.shape
  return reshape(transpose(rows, [1, 0, 2]), [1, heads, count, width])
}

/** Keys or values of cached rows [past, hk, d] and of new tokens [b, hk, s, d]: [b, hk, past + s, d]. */
export function withPast(rows: Tensor | undefined, x: Tensor): Tensor {
  return rows ? concat([fromRows(rows), x], 2) : x
}
