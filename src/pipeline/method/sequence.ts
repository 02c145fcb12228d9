import type { DecoderLayer, Hidden, SlotTags } from '../../models/language/sequence.ts'
import { attentionWeights } from '../../nn/index.ts'
import {
  add,
  arange,
  concat,
  constant,
  dimValue,
  expand,
  mul,
  reshape,
  scatterAdd,
  slice,
  sortAscending,
  sub,
  subDim,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { methodError } from './method-error.ts'
import { gatherRows, rangeLike } from './rows.ts'

/** A prompt inside the language model, and which of its slots hold visual tokens. */
export interface Sequence extends Hidden {
  /** Slots of the visual tokens in this sequence, ascending: i64 [b, v]. */
  readonly visual: Tensor
  /** Slots of all other tokens, ascending: i64 [b, t]. */
  readonly text: Tensor
  /** Which visual token of the prompt each one is: i64 [b, v]. */
  readonly source: Tensor
  /** 1 where this chunk brings the pictures, 0 in all later ones: f32 []. */
  readonly opening: Tensor
  /** Layers that have run, with the sequence that each ran on. */
  readonly ran: readonly DecoderLayer[]
  /** Who changed the sequence, in order. */
  readonly changedBy: readonly string[]
}

/** A sequence without pictures. */
export function allText(states: Tensor, positions: Tensor): Omit<Sequence, 'ran' | 'changedBy'> {
  const [batch, length] = states.shape
  const none = expand(reshape(arange(0), [1, 0]), [batch, 0])
  const text = expand(reshape(arange(length), [1, length]), [batch, length])
  return { states, positions, visual: none, text, source: none, opening: constant([0], []) }
}

/** What the language model made of a sequence. */
export interface Read {
  /** Normalised states of the last layer, [b, s, d]. */
  readonly hidden: Tensor
  readonly last: Sequence
  /** Layers that keep keys and values; one that was left out has none. */
  readonly layers: readonly DecoderLayer[]
}

/** The layer's computation on exactly this sequence. Throws FoveaError `method_unfit` where tokens were dropped since. */
export function decoderLayer(seq: Sequence, layer: number, by: string): DecoderLayer {
  const ran = seq.ran[layer]
  if (ran && (ran.input as Sequence).visual === seq.visual) return ran
  const reason = ran ? `${seq.changedBy.at(-1)} dropped tokens before layer ${seq.ran.length}` : 'it has not run yet'
  throw methodError(`${by} reads attention of layer ${layer}, but ${reason}`)
}

/**
 * How much the last token attends to each visual token at a layer, softmax over all keys: [b, h, v]. One row is computed
 * on the side; the layer's own attention stays as it is.
 */
export function lastAttention(seq: Sequence, layer: number, by: string): Tensor {
  const { queries, allKeys, bias, mask, scoring } = decoderLayer(seq, layer, by)
  const [batch, heads, length] = queries.shape
  const last = (x: Tensor) => slice(x, 2, subDim(length, 1), length)
  const hidden = bias ?? mask?.() // a model has one or the other
  const row = attentionWeights(last(queries), allKeys, hidden && last(hidden), scoring)
  const count = seq.visual.shape[1]
  const columns = add(seq.visual, dimValue(subDim(allKeys.shape[2], length)))
  const places = expand(reshape(columns, [batch, 1, count]), [batch, heads, count])
  return takeAlong(reshape(row, [batch, heads, allKeys.shape[2]]), places)
}

/** States of the visual tokens, [b, v, d]. */
export const visualStates = (seq: Sequence): Tensor => gatherRows(seq.states, seq.visual)

/** States of all other tokens, [b, t, d]. */
export const textStates = (seq: Sequence): Tensor => gatherRows(seq.states, seq.text)

/** Keeps the visual tokens at `indices` (i64 [b, k], ascending, into the visual ones); text and positions stay. */
export function keepVisual(seq: Sequence, indices: Tensor, by: string): Sequence {
  const kept = takeAlong(seq.visual, indices)
  const slots = sortAscending(concat([seq.text, kept], 1))
  const [batch, length] = seq.states.shape
  const place = scatterAdd([batch, length], slots, rangeLike(slots))
  return {
    ...seq,
    states: gatherRows(seq.states, slots),
    positions: gatherRows(seq.positions, slots),
    ...(seq.tags && { tags: tagsAt(seq.tags, slots) }),
    visual: takeAlong(place, kept),
    text: takeAlong(place, seq.text),
    source: takeAlong(seq.source, indices),
    changedBy: [...seq.changedBy, by],
  }
}

const tagsAt = (tags: SlotTags, slots: Tensor): SlotTags =>
  Object.fromEntries(Object.entries(tags).map(([name, tag]) => [name, takeAlong(tag, slots)]))

/**
 * The whole sequence after some of its visual tokens went through a layer by themselves: `ran` is what came of
 * `keepVisual(seq, indices)`. The others keep their value. With a `gate` [b, k], what changed a visual token counts by it.
 */
export function putBack(seq: Sequence, indices: Tensor, ran: Sequence, gate?: Tensor): Sequence {
  const slots = sortAscending(concat([seq.text, takeAlong(seq.visual, indices)], 1))
  const [batch, length, width] = seq.states.shape
  const change = sub(ran.states, gatherRows(seq.states, slots))
  const index = expand(reshape(slots, [batch, slots.shape[1], 1]), change.shape)
  const delta = scatterAdd([batch, length, width], index, gate ? gated(change, ran, gate) : change, 1)
  return { ...seq, states: add(seq.states, delta) }
}

/** Changes [b, t + k, d] of text as they are, those of visual tokens by their gate [b, k]. */
function gated(change: Tensor, { visual }: Sequence, gate: Tensor): Tensor {
  const [batch, count] = change.shape
  const factors = add(scatterAdd([batch, count], visual, sub(gate, 1)), 1)
  return mul(change, reshape(factors, [batch, count, 1]))
}
