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
  equation: String.raw`
    d_{t,p} = 1 - \cos(E_{t,p},\, E_{t-1,p}),\qquad d_{0,p} = 255
    \text{engine: } \mathrm{top}_K\, d,\quad K = \max(n,\ \lfloor T n q \rfloor) \qquad\quad \text{paper: } d \ge Q_{1-q}(d_{t \ge 1})
  `,
  where:
    'E are the tokens of frame t at place p, T frames of n tokens each, q the option `retain`. The first frame ' +
    'stays complete. `form=engine` is what inference engines do: the first frame counts to the share, and of ' +
    'equal ones the first stays. `form=paper` takes a quantile Q of the later frames, and has the first frame ' +
    'beside them. Tokens keep their places in time, row and column; a frame may be left without any.',
  differs: [
    'Both forms are here, since engines do not do what the paper says; the default is that of the engines.',
    'One frame stays as it is.',
  ],
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
