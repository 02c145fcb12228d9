import type { DecoderLayer, Hidden } from '../../models/language/sequence.ts'
import { attentionWeights } from '../../nn/index.ts'
import {
  add,
  arange,
  concat,
  dimValue,
  gather,
  reshape,
  scatterAdd,
  slice,
  sortAscending,
  subDim,
  type Tensor,
} from '../../tensor/index.ts'
import { methodError } from './method-error.ts'

/** The whole prompt inside the language model (batch 1), and which of its slots hold visual tokens. */
export interface Sequence extends Hidden {
  /** Slots of the visual tokens in this sequence, ascending: i64 [v]. */
  readonly visual: Tensor
  /** Slots of all other tokens: i64 [t]. */
  readonly text: Tensor
  /** Which visual token of the prompt each one is: i64 [v]. */
  readonly source: Tensor
  /** Layers that have run; those before `since` ran on a longer sequence. */
  readonly layers: readonly DecoderLayer[]
  readonly since: number
  readonly changedBy: readonly string[]
}

/** The layer's computation on exactly this sequence; throws where tokens were dropped since. */
export function decoderLayer(seq: Sequence, layer: number, by: string): DecoderLayer {
  if (layer >= seq.since && seq.layers[layer]) return seq.layers[layer]
  const reason = seq.layers[layer]
    ? `${seq.changedBy.at(-1)} dropped tokens before layer ${seq.since}`
    : 'it has not run yet'
  throw methodError(`${by} reads attention of layer ${layer}, but ${reason}`)
}

/**
 * How much the last token attends to each visual token at a layer, softmax over all keys: [h, v]. One row is computed
 * on the side; the layer's own attention stays as it is.
 */
export function lastAttention(seq: Sequence, layer: number, by: string): Tensor {
  const { queries, allKeys, bias, scoring } = decoderLayer(seq, layer, by)
  const length = queries.shape[2]
  const last = (x: Tensor) => slice(x, 2, subDim(length, 1), length)
  const row = attentionWeights(last(queries), allKeys, bias && last(bias), scoring)
  const past = subDim(allKeys.shape[2], length)
  const flat = reshape(row, [row.shape[1], row.shape[3]])
  return gather(flat, add(seq.visual, dimValue(past)), 1)
}

/** Keeps the visual tokens at `indices` (i64 [k], ascending, into the visual ones); text and positions stay. */
export function keepVisual(seq: Sequence, indices: Tensor, by: string): Sequence {
  const kept = gather(seq.visual, indices)
  const slots = sortAscending(concat([seq.text, kept], 0))
  const length = seq.states.shape[1]
  const place = scatterAdd([length], slots, arange(slots.shape[0]), 0)
  return {
    ...seq,
    states: gather(seq.states, slots, 1),
    positions: gather(seq.positions, slots, 1),
    visual: gather(place, kept),
    text: gather(place, seq.text),
    source: gather(seq.source, indices),
    since: seq.layers.length,
    changedBy: [...seq.changedBy, by],
  }
}
