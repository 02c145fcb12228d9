import { assertArgument } from '../../errors.ts'
import type { DecoderLayer, Hidden, SlotTags } from '../../models/language/sequence.ts'
import { attentionWeights } from '../../nn/index.ts'
import {
  add,
  arange,
  argsort,
  cast,
  concat,
  constant,
  cumsum,
  dimValue,
  equal,
  expand,
  greaterEqual,
  less,
  maskedIndices,
  max,
  mul,
  reshape,
  scatterAdd,
  select,
  slice,
  sortAscending,
  sub,
  subDim,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { runsOf } from './groups.ts'
import type { Ids } from './ids.ts'
import { methodError } from './method-error.ts'
import { gatherRows, rangeLike, writeRows } from './rows.ts'

/** A prompt inside the language model, and which of its slots hold visual tokens. */
export interface Sequence extends Hidden {
  /** Slots of the visual tokens in this sequence, ascending: i64 [b, v]. */
  readonly visual: Tensor
  /** Slots of all other tokens, ascending: i64 [b, t]. */
  readonly text: Tensor
  /** Which visual token of the prompt each one is: i64 [b, v]. */
  readonly source: Tensor
  /** What every visual token of the prompt is given behind the first layers, where a model wants it: [b, prompt's, layers * d]. */
  readonly deep?: Tensor
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
  const given = ran?.input as Sequence | undefined
  if (ran && given?.visual === seq.visual) return ran
  throw methodError(`${by} reads attention of layer ${layer}, but ${whyOther(seq, given)}`)
}

/** Why a layer did not see the tokens that are there now. */
function whyOther(seq: Sequence, given?: Sequence): string {
  if (!given) return 'it has not run yet'
  const wasGivenFewer = given.changedBy.length > seq.changedBy.length
  if (wasGivenFewer) return `${given.changedBy.at(-1)} gave it only some of the tokens`
  return `${seq.changedBy.at(-1)} dropped tokens before layer ${seq.ran.length}`
}

/**
 * How much the last token attends to each visual token at a layer, softmax over all keys: [b, h, v]. One row is computed
 * on the side; the layer's own attention stays as it is.
 */
export function lastAttention(seq: Sequence, layer: number, by: string): Tensor {
  assertArgument('lastAttention', 'seq.states', seq?.states, 'tensor')
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

/** States of one slot of each row: hidden [b, s, d], slots i64 [b] -> [b, d]. */
export function stateAt(hidden: Tensor, slots: Tensor): Tensor {
  const [batch, , width] = hidden.shape
  return reshape(gatherRows(hidden, reshape(slots, [batch, 1])), [batch, width])
}

/** The last slot of each row that holds text, or that holds one token: i64 [b], -1 where there is none. */
export function lastSlot({ tags }: Hidden, by: string, token?: number): Tensor {
  const found = tags?.token
  if (!found) throw methodError(`${by} looks for words of the prompt, but this sequence does not say which they are`)
  const isThere = token === undefined ? greaterEqual(found, 0) : equal(found, token)
  return max(select(isThere, rangeLike(found), constant([-1], [], 'i64')), 1)
}

/** States of the visual tokens, [b, v, d]. */
export const visualStates = (seq: Sequence): Tensor => gatherRows(seq.states, seq.visual)

/** States of all other tokens, [b, t, d]. */
export const textStates = (seq: Sequence): Tensor => gatherRows(seq.states, seq.text)

/**
 * Keeps the visual tokens at `indices` (i64 [b, k], ascending, into the visual ones); text stays, and so do positions
 * unless they close up, which asks for `closingUp` around the attention of this layer and those after it.
 */
export function keepVisual(seq: Sequence, indices: Tensor, by: string, ids: Ids = 'keep'): Sequence {
  assertArgument('keepVisual', 'seq.states', seq?.states, 'tensor')
  assertArgument('keepVisual', 'indices', indices, 'tensor')
  const kept = takeAlong(seq.visual, indices)
  const slots = sortAscending(concat([seq.text, kept], 1))
  const [batch, length] = seq.states.shape
  const place = scatterAdd([batch, length], slots, rangeLike(slots))
  return {
    ...seq,
    states: gatherRows(seq.states, slots),
    positions: positionsAt(seq.positions, slots, ids),
    ...(seq.tags && { tags: tagsAt(seq.tags, slots) }),
    visual: takeAlong(place, kept),
    text: takeAlong(place, seq.text),
    source: takeAlong(seq.source, indices),
    changedBy: [...seq.changedBy, by],
  }
}

/**
 * Keeps the text that is marked (bool [b, t]), and all visual tokens; how much only the data tells, so that is the new dim
 * `count`. What stays closes up towards the last slot, so that what is read later needs no other place; positions with
 * several axes stay as they are.
 */
export function keepText(seq: Sequence, marked: Tensor, count: string, by: string): Sequence {
  const { indices, isMarked } = markedIndices(marked, count)
  const kept = takeAlong(seq.text, indices)
  const slots = sortAscending(concat([seq.visual, kept], 1))
  const [batch, length] = seq.states.shape
  const place = scatterAdd([batch, length], slots, rangeLike(slots))
  const gone = scatterAdd([batch, length], seq.text, sub(1, cast(marked, 'f32')))
  const behind = sub(sum(gone, 1, true), cumsum(gone, 1))
  const positions = gatherRows(seq.positions, slots)
  const left: Sequence = {
    ...seq,
    states: gatherRows(seq.states, slots),
    positions: positions.shape.length > 2 ? positions : add(positions, takeAlong(behind, slots)),
    ...(seq.tags && { tags: tagsAt(seq.tags, slots) }),
    visual: takeAlong(place, seq.visual),
    text: takeAlong(place, kept),
    changedBy: [...seq.changedBy, by],
  }
  return batch === 1 ? left : hiding(left, left.text, isMarked)
}

/** Of one axis: each as far back as slots before it are gone. */
function positionsAt(positions: Tensor, slots: Tensor, ids: Ids): Tensor {
  const kept = gatherRows(positions, slots)
  return ids === 'keep' || kept.shape.length > 2 ? kept : sub(kept, cast(sub(slots, rangeLike(slots)), 'f32'))
}

const tagsAt = (tags: SlotTags, slots: Tensor): SlotTags =>
  Object.fromEntries(Object.entries(tags).map(([name, tag]) => [name, takeAlong(tag, slots)]))

/** What is left of a sequence where each row of a batch keeps its own number of visual tokens. */
export interface Marked {
  readonly seq: Sequence
  /** Into the visual tokens, i64 [b, k] ascending. */
  readonly indices: Tensor
  /** Those that were marked, bool [b, k]; the others fill up a row that keeps fewer, and nothing sees them. */
  readonly isMarked: Tensor
}

/** Keeps the visual tokens that are marked (bool [b, v]): how many only the data tells, so that is the new dim `count`. */
export function keepMarked(seq: Sequence, marked: Tensor, count: string, by: string): Marked {
  const { indices, isMarked } = markedIndices(marked, count)
  const kept = keepVisual(seq, indices, by)
  return { seq: marked.shape[0] === 1 ? kept : hiding(kept, kept.visual, isMarked), indices, isMarked }
}

/** Where a mask [b, n] holds, i64 [b, count] ascending: as many as the row with most; others fill up the rest. */
function markedIndices(marked: Tensor, count: string): Pick<Marked, 'indices' | 'isMarked'> {
  const ones = cast(marked, 'i64')
  const [batch, n] = marked.shape
  const most = maskedIndices(less(arange(n), max(concat([sum(ones, 1), constant([0], [1], 'i64')], 0))), count)
  const markedFirst = argsort(ones, { descending: true })
  const indices = sortAscending(
    takeAlong(markedFirst, expand(reshape(most, [1, most.shape[0]]), [batch, most.shape[0]])),
  )
  return { indices, isMarked: equal(takeAlong(ones, indices), 1) }
}

/** The same where some of `slots` (i64 [b, k]) only fill up a row: nothing sees those that are not shown (bool [b, k]). */
function hiding(seq: Sequence, slots: Tensor, isShown: Tensor): Sequence {
  const [batch, length] = seq.states.shape
  const segment = seq.tags?.segment ?? expand(constant([0], [1, 1], 'i64'), [batch, length])
  const shown = takeAlong(segment, slots)
  const hidden = scatterAdd([batch, length], slots, select(isShown, mul(shown, 0), sub(HIDDEN, shown)))
  return { ...seq, tags: { ...seq.tags, segment: add(segment, hidden) } }
}

/** A segment that nothing else is of. */
const HIDDEN = -1

/** Which view each visual token is of, numbered from 0, i64 [b, v]; all are of one where a sequence has no tags. */
export function viewNumbers({ visual, tags }: Sequence): Tensor {
  return tags?.view ? runsOf(takeAlong(tags.view, visual)) : mul(visual, 0)
}

/**
 * The whole sequence after some of its visual tokens went through a layer by themselves: `ran` is what came of
 * `keepVisual(seq, indices)`. The others keep their value. With a `gate` [b, k], what changed a visual token counts by it.
 */
export function putBack(seq: Sequence, indices: Tensor, ran: Sequence, gate?: Tensor): Sequence {
  const slots = sortAscending(concat([seq.text, takeAlong(seq.visual, indices)], 1))
  const before = () => gatherRows(seq.states, slots)
  const states = gate ? gated(before(), ran, gate) : ran.states
  return { ...seq, states: writeRows(seq.states, slots, states) }
}

/** Text as it came out, visual tokens as far from `before` as their gate [b, k] lets them: [b, t + k, d]. */
function gated(before: Tensor, { states, visual }: Sequence, gate: Tensor): Tensor {
  const from = gatherRows(before, visual)
  const change = sub(gatherRows(states, visual), from)
  return writeRows(states, visual, add(from, mul(change, reshape(gate, [...gate.shape, 1]))))
}
