import { windowsOf } from '../../../pipeline/method/groups.ts'
import { recallPatches } from '../../../pipeline/method/memory.ts'
import type { Site } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { gatherRows, rangeLike, remainders, writeRows } from '../../../pipeline/method/rows.ts'
import { keepVisual, type Sequence, textStates, visualStates } from '../../../pipeline/method/sequence.ts'
import {
  add,
  addDim,
  and,
  arange,
  cast,
  concat,
  type Dim,
  dimValue,
  div,
  equal,
  expand,
  fixedDim,
  floor,
  greater,
  less,
  maskedIndices,
  mul,
  mulDim,
  not,
  or,
  pad,
  reshape,
  select,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'

const ID = 'llava-mini'

export interface Fusion {
  /** C^2: of a frame. */
  readonly tokens: number
  /** Slots that a frame has, at least as many; the others are left out. */
  readonly slots: number
  /** Views that a frame is cut into. */
  readonly parts: number
  readonly layers: number
}

/**
 * A prompt whose visual tokens and text have read the patches. Without pictures, and while decoding, there is one frame of
 * no patches, and all stays as it is.
 */
export function fuse(given: Sequence, at: Site, { tokens, slots, parts, layers }: Fusion): Sequence {
  const { extend } = at.architecture.language
  if (!extend) throw methodError(`${ID} fuses by layers of a decoder, and ${at.architecture.name} has none to copy`)
  const seq = slots > tokens ? withoutSpare(given, tokens, slots) : given
  const [batch, text] = seq.text.shape
  const firsts = firstsOf(seq, tokens)
  const frames = firsts.shape[0]
  const { input, patches } = fusionInput(seq, at, firsts, { tokens, parts })
  const out = extend(at.p.at('fusion'), input, layers).last.states
  const wide = fixedDim(ID, out, 2)
  const of = (from: Dim, count: Dim) => reshape(slice(out, 1, from, addDim(from, count)), [batch, frames, count, wide])
  const Z = reshape(of(patches, tokens), [batch, mulDim(frames, tokens), wide])
  const T = div(sum(of(addDim(patches, tokens), text), 1), cast(dimValue(frames), 'f32'))
  const isFused = and(isPrompt(seq), greater(seq.opening, 0))
  const written = writeRows(seq.states, seq.text, select(reshape(isFused, [batch, text, 1]), T, textStates(seq)))
  const states = writeRows(written, seq.visual, slice(Z, 1, 0, seq.visual.shape[1]))
  return { ...seq, states, changedBy: [...seq.changedBy, ID] }
}

/** The first `tokens` of every `slots` visual tokens. */
function withoutSpare(seq: Sequence, tokens: number, slots: number): Sequence {
  const [batch, count] = seq.visual.shape
  const kept = maskedIndices(less(remainders(count, slots), tokens), 'compressed')
  return keepVisual(seq, expand(reshape(kept, [1, kept.shape[0]]), [batch, kept.shape[0]]), ID)
}

/** Which visual token each frame begins with, i64 [F]. */
function firstsOf({ visual }: Sequence, tokens: number): Tensor {
  const count = visual.shape[1]
  const places = arange(addDim(count, 1))
  const isThere = or(less(places, dimValue(count)), equal(dimValue(count), 0))
  return maskedIndices(and(equal(remainders(addDim(count, 1), tokens), 0), isThere), 'frames')
}

/** Which text is fused, bool [b, t]. */
function isPrompt({ text, tags }: Sequence): Tensor {
  return tags?.answer ? not(equal(takeAlong(tags.answer, text), 1)) : equal(text, text)
}

/** X = [f(V) ; Z ; T] of every frame, [b F, w + c + t, d], and how many patches it begins with. */
function fusionInput(seq: Sequence, at: Site, firsts: Tensor, { tokens, parts }: Pick<Fusion, 'tokens' | 'parts'>) {
  const { rows, view: part } = recallPatches(at, 'patches', ID)
  const view = parts === 1 ? part : cast(floor(div(add(cast(part, 'f32'), 0.5), parts)), 'i64')
  const [batch, text] = seq.text.shape
  const [frames, wide] = [firsts.shape[0], fixedDim(ID, rows, 2)]
  const each = mulDim(batch, frames)
  const inBatch = (x: Tensor, count: Dim) => expand(reshape(x, [1, count]), [batch, count])
  const numbers = cast(floor(div(add(cast(firsts, 'f32'), 0.5), tokens)), 'i64')
  const shown = select(greater(seq.opening, 0), view, HIDDEN)
  const { indices, isReal, counts } = windowsOf(shown, inBatch(numbers, frames), 'patches')
  const patches = indices.shape[2]
  const G = reshape(gatherRows(rows, reshape(indices, [batch, mulDim(frames, patches)])), [each, patches, wide])
  const slots = inBatch(add(reshape(firsts, [frames, 1]), arange(tokens)), mulDim(frames, tokens))
  const Z = reshape(gatherRows(pad(visualStates(seq), 1, 0, tokens), slots), [each, tokens, wide])
  const perFrame = (x: Tensor, ...rest: readonly Dim[]) =>
    reshape(expand(reshape(x, [batch, 1, text, ...rest]), [batch, frames, text, ...rest]), [each, text, ...rest])
  const T = perFrame(stopGradient(textStates(seq)), wide)
  const size = reshape(counts, [each, 1])
  const places = concat(
    [
      cast(add(mul(size, 0), arange(patches)), 'f32'),
      cast(add(size, arange(tokens)), 'f32'),
      add(perFrame(placesOfText(seq)), cast(add(size, tokens), 'f32')),
    ],
    1,
  )
  const fills = sub(cast(reshape(isReal, [each, patches]), 'i64'), 1) // 0, and HIDDEN where a frame has fewer patches
  const segment = concat([fills, mul(add(size, arange(tokens)), 0), perFrame(segmentsOfText(seq))], 1)
  const positions = onAxes(places, at.architecture.language.positionAxes)
  return { input: { states: concat([G, Z, T], 1), positions, tags: { segment } }, patches }
}

function onAxes(places: Tensor, axes?: number): Tensor {
  if (!axes) return places
  const [batch, length] = places.shape
  return expand(reshape(places, [batch, length, 1]), [batch, length, axes])
}

/** A segment that no prompt is of. */
const HIDDEN = -1

/** What text sees in the fusion: its own segment of the prompt; answers are seen by none. */
function segmentsOfText(seq: Sequence): Tensor {
  const { text, tags } = seq
  return select(isPrompt(seq), tags?.segment ? takeAlong(tags.segment, text) : mul(text, 0), HIDDEN)
}

/** Where text would stand without visual tokens, f32 [b, t]: their slots before it do not count. */
function placesOfText({ text, positions }: Sequence): Tensor {
  const rank = rangeLike(text)
  if (positions.shape.length > 2) return cast(rank, 'f32')
  return sub(takeAlong(positions, text), cast(sub(text, rank), 'f32'))
}
