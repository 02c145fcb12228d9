import { z } from 'zod'
import { type Frames, framesOf, type LeftOfFrames, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { markRows } from '../../pipeline/method/rows.ts'
import { cosine, unit } from '../../pipeline/method/similarity.ts'
import {
  add,
  argsort,
  cast,
  expand,
  fixedDim,
  gather,
  less,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  not,
  reshape,
  round,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { gaussians } from '../compute/stc.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Video Compression Commander: Plug-and-Play Inference Acceleration for Video Large Language Models
 * Liu et al. 2025, EMNLP 2025. https://arxiv.org/abs/2505.14454
 */
export const vidcom2 = paper({
  id: 'vidcom2',
  name: 'VidCom2',
  title: 'Video Compression Commander: Plug-and-Play Inference Acceleration for Video Large Language Models',
  role: 'algorithm',
  arxiv: '2505.14454',
  url: 'https://arxiv.org/abs/2505.14454',
  code: 'https://github.com/xuyang-liu16/VidCom2',
  date: '2025-05',
  venue: 'EMNLP 2025',
  kind: ['reducer'],
  summary:
    'Gives frames that look unlike the rest of a video a larger share of the tokens, and keeps in each frame those that ' +
    'are least like the mean of the video and the mean of the frame. A few means and distances, no attention and no ' +
    'matrix of pairs. Needs no training.',
  equation: String.raw`
    V_{t,m} = \mathrm{sim}(x_{t,m},\, \bar{x}_{\text{video}}),\qquad F_{t,m} = \mathrm{sim}(x_{t,m},\, \bar{x}_t),\qquad u_t = -\mathrm{mean}_m\, V_{t,m}
    r_t = \min\!\big(1,\ R\,(1 + p_t - \tfrac{1}{T})\big),\qquad p = \mathrm{softmax}(u / 0.01)
    \text{stay of frame } t:\ \mathrm{bottom}_{k_t}\, (V + F),\qquad k_t = \max(1,\ \mathrm{round}(r_t M))
  `,
  where:
    'x are the M tokens of each of T frames, R the option `retain`: frames that are unlike the video get more, ' +
    'and of each frame those tokens stay that are least like the frame and the video.',
  differs: [
    '`form=paper` takes cosines; `form=released` takes g(d^2) of unit tokens on the half of the channels that ' +
      'vary least, as the code that gave the published numbers.',
    '`form=exact` is the released form with a budget over the whole video: what is above floor(R T M) is ' +
      'dropped where it is most alike, what is missing added where it is least.',
    'The first two are not the identity at R = 1: a frame below the mean share gives up tokens.',
    'One frame is pruned to R.',
  ],
  places: ['see.tokens'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.25).describe('R: mean share of the tokens of a frame that stay'),
    form: z.enum(['released', 'paper', 'exact']).default('released').describe('how likeness and budget are taken'),
    ids: idsOption('pack'),
  }),
  method: ({ retain, form, ids }) => ({
    needs: { ofVideos: true },
    see: {
      tokens: (tokens) => {
        const frames = framesOf(tokens, 'vidcom2')
        if (!frames) return tokens
        const { V, F } = form === 'paper' ? cosines(frames) : distances(frames)
        const score = add(V, F)
        const kept = less(ranks(score), budgets(V, retain)) // [T, M]
        const left = form === 'exact' ? exactly(frames, score, kept, retain) : { kept }
        return leaveOfFrames(tokens, frames, left, { by: 'vidcom2', ids })
      },
    },
  }),
})

interface Likeness {
  /** To the whole video, [T, M]. */
  readonly V: Tensor
  /** To the frame. */
  readonly F: Tensor
}

const cosines = ({ states: x }: Frames): Likeness => ({
  V: cosine(x, expand(mean(x, [0, 1], true), x.shape)),
  F: cosine(x, expand(mean(x, 1, true), x.shape)),
})

function distances({ states: x }: Frames): Likeness {
  const width = fixedDim('vidcom2', x, 2)
  const variance = mean(square(sub(x, mean(x, [0, 1], true))), [0, 1])
  const f = unit(gather(x, topK(neg(variance), Math.max(1, Math.floor(width / 2))), 2))
  const G = (centre: Tensor) => gaussians(sum(square(sub(f, centre)), -1))
  return { V: G(mean(f, [0, 1], true)), F: G(mean(f, 1, true)) }
}

/** k_t, i64 [T, 1]. */
export function budgets(V: Tensor, R: number): Tensor {
  const [T, M] = [fixedDim('vidcom2', V, 0), fixedDim('vidcom2', V, 1)]
  const p = softmax(mul(mean(V, 1), -1 / 0.01), 0)
  const r = minimum(mul(add(p, 1 - 1 / T), R), 1)
  return reshape(maximum(cast(round(mul(r, M)), 'i64'), 1), [T, 1])
}

/** How many of its row lie below each value, the first of equal ones first: i64. */
const ranks = (x: Tensor): Tensor => argsort(argsort(x))

/** K tokens of the whole video: those that were kept before all others, the least like first. */
function exactly({ count: T, each: M }: Frames, score: Tensor, kept: Tensor, R: number): LeftOfFrames {
  const K = Math.max(T, Math.min(Math.trunc(T * M * R), T * M))
  const flat = (x: Tensor) => reshape(x, [1, T * M])
  const order = add(ranks(flat(score)), mul(cast(not(flat(kept)), 'i64'), T * M))
  return { kept: reshape(markRows(T * M, topK(order, K, { largest: false })), [T, M]), count: K }
}
