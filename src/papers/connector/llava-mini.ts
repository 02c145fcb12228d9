import { z } from 'zod'
import { crossAttention, layerNormed, type Scope } from '../../nn/index.ts'
import { windowsOf } from '../../pipeline/method/groups.ts'
import { leavePatches, recallPatches } from '../../pipeline/method/memory.ts'
import type { Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { poolTokens } from '../../pipeline/method/pool.ts'
import { gatherRows, rangeLike, remainders, writeRows } from '../../pipeline/method/rows.ts'
import { type Sequence, textStates, visualStates } from '../../pipeline/method/sequence.ts'
import type { VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  addDim,
  and,
  arange,
  cast,
  concat,
  constant,
  type Dim,
  dimValue,
  div,
  equal,
  expand,
  fixedDim,
  floor,
  greater,
  interpolate,
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
  transpose,
} from '../../tensor/index.ts'
import { paper } from '../paper.ts'

const ID = 'llava-mini'

/**
 * LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token
 * 2025, ICLR 2025. https://arxiv.org/abs/2501.03895
 *
 * Compressor: K = LN(V), Z = f(MHA(LN(Q) + E_C, K + E_n, K)) with C^2 learned queries Q, before the projector f. Pre-fusion: N
 * layers of the language model's kind, with weights of their own, read X = [f(V) ; Z ; T] causally; what they make of Z and T
 * takes the place of the visual tokens and of the prompt's text. Of several frames, text is the mean over them and tokens
 * follow each other; every frame is fused by itself.
 *
 * Decided here: a frame is a view, several images are frames of a video; the released rule that token 0 is padding is not
 * copied; answers (the tag `answer`) and everything said after the pictures stay as they are, T takes no gradient; E_C is
 * the fixed table of sines and cosines and E_n its bicubic enlargement, so that with C = 1 no position tells patches
 * apart; gradients flow through videos too. Text becomes a function of the picture, so a new turn reads the whole prompt
 * anew. High resolution (patches of 2 x 2 tiles beside the whole image) is not built.
 */
export const llavaMini = paper({
  id: 'llava-mini',
  name: 'LLaVA-Mini',
  title: 'LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token',
  arxiv: '2501.03895',
  url: 'https://arxiv.org/abs/2501.03895',
  code: 'https://github.com/ictnlp/LLaVA-Mini',
  date: '2025-01',
  venue: 'ICLR 2025',
  kind: ['connector', 'reducer', 'training', 'interpretability'],
  summary:
    'After the first layers of LLaVA the text has absorbed the image, and its tokens hardly matter any more. So ' +
    'four small decoder layers fuse all patches into the text embeddings ahead of the LLM, which then sees one ' +
    'compressed image token instead of 576. FLOPs fall by 77 %, latency to a third, and a video costs one token ' +
    'per frame.',
  places: ['see.connector', 'read.sequence', 'training'],
  options: z.object({
    side: z.int().min(1).default(1).describe('C: a view becomes C x C tokens'),
    layers: z.int().min(0).default(4).describe('N: layers that fuse patches and text before the language model'),
  }),
  method: ({ side, layers }) => ({
    needs: { prompt: true },
    see: {
      connector: (tokens, next, at) => {
        const all = next(tokens) // f(V)
        const few = { ...poolTokens(tokens, { rows: side, columns: side }, ID), states: compress(at.p, tokens, side) }
        return leavePatches(next(few), at, 'patches', all.states, ID)
      },
    },
    read: { sequence: (seq, at) => fuse(seq, at, { tokens: side ** 2, layers }) },
  }),
})

const HEADS = 8

/** Z before the projector: C^2 queries look at all patches, [b, C^2, d]. */
function compress(p: Scope, { states, vision: { grid } }: VisualTokens, side: number): Tensor {
  const [batch, d] = [states.shape[0], fixedDim(ID, states, 2)]
  const table = sinesOf(side, d) // [d, C, C]
  const flat = (x: Tensor, count: number) => reshape(transpose(reshape(x, [d, count])), [1, count, d])
  const enlarged = flat(interpolate(table, [grid.rows, grid.columns], { mode: 'bicubic' }), grid.rows * grid.columns)
  const Q = layerNormed(p.at('compressor', 'query_norm'), p('compressor.queries', [1, side ** 2, d]))
  const K = layerNormed(p.at('compressor', 'patch_norm'), states)
  const queries = expand(add(Q, flat(table, side ** 2)), [batch, side ** 2, d])
  return crossAttention(p.at('compressor'), queries, add(K, enlarged), K, { heads: d % HEADS ? 1 : HEADS, bias: true })
}

/** Fixed positions on a square, [d, C, C]: half of the channels for the column, half for the row, sines then cosines. */
export function sinesOf(side: number, d: number): Tensor {
  if (d % 4)
    throw methodError(`${ID} places patches with sines and cosines of two axes, which ${d} channels do not hold`)
  const quarter = d / 4
  const data = Float32Array.from({ length: d * side ** 2 }, (_, at) => {
    const [channel, place] = [Math.floor(at / side ** 2), at % side ** 2]
    const along = channel < d / 2 ? place % side : Math.floor(place / side)
    const angle = along / 10000 ** ((channel % quarter) / quarter)
    return Math.floor(channel / quarter) % 2 ? Math.cos(angle) : Math.sin(angle)
  })
  return constant(data, [d, side, side])
}

interface Fusion {
  /** Of a frame. */
  readonly tokens: number
  readonly layers: number
}

/**
 * A prompt whose visual tokens and text have read the patches. Without pictures, and while decoding, there is one frame of
 * no patches, and all stays as it is.
 */
function fuse(seq: Sequence, at: Site, { tokens, layers }: Fusion): Sequence {
  const { extend } = at.architecture.language
  if (!extend) throw methodError(`${ID} fuses by layers of a decoder, and ${at.architecture.name} has none to copy`)
  const [batch, text] = seq.text.shape
  const firsts = firstsOf(seq, tokens)
  const frames = firsts.shape[0]
  const { input, patches } = fusionInput(seq, at, firsts, tokens)
  const out = extend(at.p.at('fusion'), input, layers).states
  const wide = fixedDim(ID, out, 2)
  const of = (from: Dim, count: Dim) => reshape(slice(out, 1, from, addDim(from, count)), [batch, frames, count, wide])
  const Z = reshape(of(patches, tokens), [batch, mulDim(frames, tokens), wide])
  const T = div(sum(of(addDim(patches, tokens), text), 1), cast(dimValue(frames), 'f32'))
  const isFused = and(isPrompt(seq), greater(seq.opening, 0))
  const written = writeRows(seq.states, seq.text, select(reshape(isFused, [batch, text, 1]), T, textStates(seq)))
  const states = writeRows(written, seq.visual, slice(Z, 1, 0, seq.visual.shape[1]))
  return { ...seq, states, changedBy: [...seq.changedBy, ID] }
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
function fusionInput(seq: Sequence, at: Site, firsts: Tensor, tokens: number) {
  const { rows, view } = recallPatches(at, 'patches', ID)
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
