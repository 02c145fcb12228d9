/** Frames that are merged within the vision encoder, and their places when all of them are wanted again. */
import type { Patches } from '../../../models/vision-side.ts'
import { perToken, readLayer, receivedAttention } from '../../../pipeline/method/encoder-signals.ts'
import type { EncoderSite } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { unit } from '../../../pipeline/method/similarity.ts'
import { noteSignal, type VisualTokens, visionLayer } from '../../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  cast,
  constant,
  type Dim,
  dimValue,
  div,
  equal,
  expand,
  fixedDim,
  gather,
  less,
  maskedIndices,
  matmul,
  maximum,
  mean,
  minimum,
  mul,
  or,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
  transpose,
} from '../../../tensor/index.ts'
import { framePairs, type PairRule, type StreamRule, streamSegments } from './frame-pairs.ts'

/** What is noted of every token: the frame that its frame went into, -1: none; whether that ends a segment; its attention. */
export const SIGNALS = { into: 'earlytom.into', edge: 'earlytom.edge', attention: 'earlytom.attention' } as const

/** What is kept from layer to layer: the row of each frame, -1: none, i64 [t]; the frame of each row; see also `SIGNALS`. */
const [ROW, FRAME, ATTENTION, EDGE] = ['earlytom.row', 'earlytom.frame', SIGNALS.attention, SIGNALS.edge]

/**
 * Fewer frames: [f, s, d] -> [f', s, d], as many as the data tells. What the layer before attended to is merged with them.
 * @param isLast whether frames are not merged again, so that their segments are looked for anew
 */
export function mergedFrames(patches: Patches, at: EncoderSite, rule: StreamRule & PairRule, isLast: boolean): Patches {
  const { states, special, notes = {} } = patches
  assertMergeable(patches, at)
  const t = at.frames!
  const rows = states.shape[0]
  const alike = likeness(states, special, t)
  const count = dimValue(rows)
  const { kept, share, into } = framePairs(alike, count, streamSegments(alike, count, rule), rule)
  const left = maskedIndices(kept, `framesBehindLayer${at.layer - 1}`) // [f']
  const mix = mixing(left, gather(share, left), rows)
  const merged = mix(states)
  const before = notes[ROW] ?? arange(t)
  return {
    ...patches,
    states: merged,
    notes: {
      ...notes,
      [ROW]: select(less(before, 0), -1, gather(into, maximum(before, 0))),
      [FRAME]: gather(notes[FRAME] ?? arange(t), left),
      [ATTENTION]: mix(attentionOf(at, special)),
      ...(isLast && { [EDGE]: edges(merged, special, t, rule) }),
    },
  }
}

/** Rows that stay, each with its share of the next one. */
const mixing = (left: Tensor, share: Tensor, rows: Dim) => (x: Tensor) => {
  const next = minimum(add(left, 1), sub(dimValue(rows), 1))
  const weight = reshape(share, [share.shape[0], ...x.shape.slice(1).map(() => 1)])
  return add(mul(gather(x, left, 0), weight), mul(gather(x, next, 0), sub(1, weight)))
}

/** s(x, y) = mean over places of cos(x_i, y_i), of all frames there are; others repeat the last: [t, t]. */
function likeness(states: Tensor, special: number, t: number): Tensor {
  const [rows, ...size] = slice(states, 1, special).shape
  const [places, width] = [fixedDim('earlytom', states, 1) - special, Number(size[1])]
  const flat = reshape(unit(slice(states, 1, special)), [rows, places * width])
  const all = div(matmul(flat, transpose(flat)), places)
  const row = minimum(arange(t), sub(dimValue(rows), 1))
  return gather(gather(all, row, 0), row, 1)
}

/** How much the layer before attends to each patch, mean over heads and queries: [f, s]. */
const attentionOf = ({ ran, layer }: EncoderSite, special: number): Tensor =>
  slice(mean(ran[layer - 1].attention, [1, 2]), 1, special)

/** 1 where a frame is the first or the last of its segment, [f']. */
function edges(states: Tensor, special: number, t: number, rule: StreamRule): Tensor {
  const rows = states.shape[0]
  const { first, length } = streamSegments(likeness(states, special, t), dimValue(rows), rule)
  const place = sub(arange(t), first)
  const isEdge = or(equal(place, 0), equal(place, sub(length, 1)))
  return gather(cast(isEdge, 'f32'), arange(rows))
}

/** Throws FoveaError `method_unfit`. */
function assertMergeable({ changedBy }: Patches, { architecture: { name, vision } }: EncoderSite): void {
  if (vision.deepLayers)
    throw methodError(`earlytom merges frames within the encoder, of which ${name} reads several layers; use another`)
  if (changedBy)
    throw methodError(`earlytom compares frames place by place, but ${changedBy.at(-1)} before it changed the patches`)
}

/** What the layers before the connector left for places behind them. */
const notesOf = (tokens: VisualTokens): Readonly<Record<string, Tensor>> =>
  visionLayer(tokens, readLayer(tokens)).input.notes ?? {}

/** Patches with what they are attended to noted. Throws FoveaError `method_unfit` for layers that were not reached. */
export function noted(tokens: VisualTokens, layers: readonly number[]): VisualTokens {
  const { [ATTENTION]: attention, [EDGE]: edge } = notesOf(tokens)
  if (layers.length > 0 && !edge)
    throw methodError(
      `earlytom merges frames behind layers ${layers.join(', ')} of the encoder, of which the connector reads ${depthOf(tokens)}; name earlier ones, such as layers=0`,
    )
  if (!attention) return noteSignal(tokens, ATTENTION, receivedAttention(tokens, 'earlytom'))
  const perPatch = perToken(tokens, reshape(attention, [...attention.shape, 1]), 'earlytom')
  return noteSignal(tokens, ATTENTION, reshape(perPatch, [perPatch.shape[0], perPatch.shape[1]]))
}

const depthOf = (tokens: VisualTokens): number => {
  const layer = readLayer(tokens)
  return layer < 0 ? tokens.vision.layers.length + layer + 1 : layer + 1
}

/** Visual tokens [f', n, d] -> [t, n, d]: a frame that is gone has what is left of it, or another's, and is known by `into`. */
export function inAllFrames(tokens: VisualTokens, t: number): VisualTokens {
  const { [ROW]: row = arange(t), [FRAME]: frame = arange(t), [EDGE]: edge } = notesOf(tokens)
  const from = maximum(row, 0)
  const all = (x: Tensor) => gather(x, from, 0)
  const n = tokens.states.shape[1]
  const wide = (x: Tensor) => expand(reshape(cast(x, 'f32'), [t, 1]), [t, n])
  const signals = Object.entries(tokens.signals).map(([name, signal]) => [name, all(signal)])
  const spread = {
    ...tokens,
    states: all(tokens.states),
    owner: all(tokens.owner),
    signals: Object.fromEntries(signals),
  }
  const into = noteSignal(spread, SIGNALS.into, wide(select(less(row, 0), -1, all(frame))))
  return noteSignal(into, EDGE, wide(edge ? all(edge) : constant(new Float32Array(t).fill(1), [t])))
}
