import { z } from 'zod'
import { type Frames, framesOf, type LeftOfFrames, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { markRows } from '../../pipeline/method/rows.ts'
import { cosine } from '../../pipeline/method/similarity.ts'
import {
  add,
  concat,
  constant,
  expand,
  greaterEqual,
  mul,
  reshape,
  slice,
  sort,
  sub,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Efficient Video Sampling: Pruning Temporally Redundant Tokens for Faster VLM Inference
 * 2025. https://arxiv.org/abs/2510.14624
 *
 * d[t, p] = 1 - cos(E[t, p], E[t-1, p]), d[0, p] = 255: the first frame stays complete. `engine`, the form of inference
 * engines: K = max(n, floor(T n retain)) tokens of largest d stay, the first of equal ones, counting the first frame. `paper`:
 * all with d >= the (1 - retain) quantile of the d of later frames stay, and the first frame beside them. Tokens keep their
 * places in time, row and column; a frame may be left without any. One frame stays as it is.
 */
export const evs = paper({
  id: 'evs',
  name: 'EVS',
  title: 'Efficient Video Sampling: Pruning Temporally Redundant Tokens for Faster VLM Inference',
  role: 'algorithm',
  arxiv: '2510.14624',
  url: 'https://arxiv.org/abs/2510.14624',
  date: '2025-10',
  kind: ['reducer'],
  summary:
    'Compares every token of a video with the one in its place a frame before, and keeps those that changed most over ' +
    'the whole video, the first frame complete. One product per token, no attention. Engines for serving have it. It is ' +
    'blind to slow change, and a cut eats the budget.',
  places: ['see.tokens'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.25).describe('share of the tokens of a video that stay'),
    form: z.enum(['engine', 'paper']).default('engine').describe('whether the first frame counts to the share'),
    ids: idsOption('keep'),
  }),
  method: ({ retain, form, ids }) => ({
    needs: { ofVideos: true },
    see: {
      tokens: (tokens) => {
        const frames = framesOf(tokens, 'evs')
        if (!frames || frames.count === 1) return tokens
        const left = form === 'engine' ? mostChanged(frames, retain) : overQuantile(frames, 1 - retain)
        return leaveOfFrames(tokens, frames, left, { by: 'evs', ids })
      },
    },
  }),
})

/** d of all frames but the first, [t - 1, n]. */
const dissimilarity = ({ states }: Frames): Tensor => sub(1, cosine(slice(states, 0, 1), slice(states, 0, 0, -1)))

const withFirst = (each: number, first: number, rest: Tensor): Tensor =>
  concat([expand(constant([first], [1, 1]), [1, each]), rest], 0)

/** K: tokens of the first frame at least. */
export const budgetOf = (count: number, each: number, retain: number): number =>
  Math.max(each, Math.trunc(count * each * retain))

function mostChanged(frames: Frames, retain: number): LeftOfFrames {
  const { count: T, each: n } = frames
  const K = budgetOf(T, n, retain)
  const d = withFirst(n, 255, dissimilarity(frames))
  const kept = markRows(T * n, topK(reshape(d, [1, T * n]), K))
  return { kept: reshape(kept, [T, n]), count: K }
}

/** The quantile lies between two values where it is not one of them. */
function overQuantile(frames: Frames, q: number): LeftOfFrames {
  const { count: T, each: n } = frames
  const d = dissimilarity(frames)
  const sorted = sort(reshape(d, [(T - 1) * n]))
  const place = q * ((T - 1) * n - 1)
  const value = (at: number) => slice(sorted, 0, at, at + 1)
  const below = value(Math.floor(place))
  const cut = add(below, mul(sub(value(Math.ceil(place)), below), place - Math.floor(place)))
  return { kept: greaterEqual(withFirst(n, 255, d), cut) }
}
