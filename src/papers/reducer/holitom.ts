import { z } from 'zod'
import { densityPeaks, type Points, pulledCentres } from '../../pipeline/method/clusters.ts'
import type { Frames, LeftOfFrames } from '../../pipeline/method/frames.ts'
import { type Segments, segmentsOf, sumOfSegment } from '../../pipeline/method/segments.ts'
import { cosine } from '../../pipeline/method/similarity.ts'
import {
  add,
  and,
  arange,
  argsort,
  cast,
  ceil,
  concat,
  constant,
  div,
  equal,
  expand,
  fixedDim,
  greater,
  less,
  maximum,
  minimum,
  mul,
  not,
  or,
  reshape,
  round,
  select,
  slice,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { byAttention } from './frames/attended.ts'
import { mergeVisual } from './frames/merge-visual.ts'
import { staticWindows } from './frames/static-windows.ts'

/**
 * HoliTom: Holistic Token Merging for Fast Video Large Language Models
 * Shao et al. 2025, NeurIPS 2025. https://arxiv.org/abs/2505.21334
 */
export const holitom = paper({
  id: 'holitom',
  name: 'HoliTom',
  title: 'HoliTom: Holistic Token Merging for Fast Video Large Language Models',
  role: 'algorithm',
  arxiv: '2505.21334',
  url: 'https://arxiv.org/abs/2505.21334',
  code: 'https://github.com/cokeshao/HoliTom',
  date: '2025-05',
  venue: 'NeurIPS 2025',
  kind: ['reducer'],
  summary:
    'Finds the windows of a video in which most places stand still, by dynamic programming over all frames, and keeps of ' +
    'each such place one mean; of the rest what the encoder attends to. Inside the language model half of the tokens are ' +
    'merged into those attended to more. Needs no training.',
  equation: String.raw`
    \text{static}(t, l):\ \cos(f_t[l],\, f_{t+1}[l]) > \tau \ \text{ throughout a window},\qquad \text{windows} = \arg\max \textstyle\sum_w (|w| - 1)\, \#\text{static}(w)
    r' = \min\!\left(\frac{r}{1 - \text{reduced} / (T n)},\ 1\right)
    \text{of others: } \mathrm{top}_{\lceil n_d r' \rceil}\, a,\qquad \text{of static: } \mathrm{round}(n_s r') \ \text{centres},\qquad \hat{x}_c = \beta\, x_c + (1 - \beta)\, \mathrm{mean}(\text{what joined})
  `,
  where:
    'Windows of frames are found by dynamic programming so that most places are static in them; what is static ' +
    'becomes its mean, in the first frame of its window. The share r is taken anew of what is left (n_s static ' +
    'and n_d other tokens of a frame). a is the attention that the last layer of the encoder pays; a share D of ' +
    'the others are centres of clusters of the rest instead. Inside the language model, before one layer, the ' +
    'less attended half of the visual tokens is merged into the others.',
  differs: [
    'Tokens are in raster order, static ones in the first frame of their window.',
    'Merging inside the language model halves one by one, as released; `merging=mean` takes the mean.',
    'Images are as they are until that layer.',
  ],
  places: ['see.patches', 'see.tokens', 'read.layer'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.2).describe('r: share of the tokens of a video that stay'),
    tau: z.number().default(0.65).describe('cosine above which a place is static from a frame to the next'),
    window: z.int().min(1).default(1024).describe('frames of the longest window'),
    contextual: z.number().min(0).max(1).default(0).describe('D: share of what stays of a frame that are centres'),
    beta: z.number().min(0).max(1).default(0.6).describe('share that a centre keeps of itself'),
    depth: z
      .number()
      .gt(0)
      .max(1)
      .default(9 / 14)
      .describe('share of the layers before which tokens are merged; 1: none'),
    merge: z.number().min(0).max(1).default(0.5).describe('rho: share of the visual tokens that are merged there'),
    merging: z
      .enum(['sequential', 'mean'])
      .default('sequential')
      .describe('halving one by one as released, or the mean'),
    ids: idsOption('pack'),
  }),
  method: ({ depth, merge, merging, ids, ...outer }) => ({
    needs: { ofVideos: true },
    see: byAttention('holitom', ids, (frames, attention) => merged(frames, attention, outer)),
    read: {
      layer: (seq, next, { layer, architecture }) => {
        const isThere = layer > 0 && layer === Math.round(depth * architecture.language.layers)
        return next(isThere ? mergeVisual(seq, layer, 1 - merge, merging, 'holitom') : seq)
      },
    },
  }),
})

interface Outer {
  readonly retain: number
  readonly tau: number
  readonly window: number
  readonly contextual: number
  readonly beta: number
}

const NEIGHBOURS = 7

/** What a product in single precision may lie above the whole number that it is. */
const ROUNDING = 1e-4

function merged(frames: Frames, attention: Tensor, { retain, tau, window, contextual, beta }: Outer): LeftOfFrames {
  const { states, count: t, each: n } = frames
  const alike = cast(greater(likeness(frames), tau), 'f32')
  const { numbers, reduced } = staticWindows(alike, window)
  const windows = segmentsOf(numbers)
  const share = minimum(div(retain, sub(1, div(reduced, t * n))), 1) // r', [1]

  const isStatic = staticPlaces(windows, alike)
  const isFirst = equal(reshape(windows.index, [t, 1]), 0)
  const means = div(sumOfSegment(windows, states), reshape(windows.length, [t, 1, 1]))
  const ofStill = { x: means, isThere: and(isStatic, isFirst) }
  const still = clustered(ofStill, round(mul(countsOf(ofStill.isThere), share)), beta)

  const free = not(isStatic)
  const wanted = ceil(sub(mul(countsOf(free), share), ROUNDING)) // [t]
  const dominant = round(mul(wanted, 1 - contextual))
  const isDominant = and(less(ranks(select(free, attention, -1)), cast(reshape(dominant, [t, 1]), 'i64')), free)
  const moving = clustered({ x: states, isThere: and(free, not(isDominant)) }, sub(wanted, dominant), beta)

  const [frame, first] = [reshape(arange(t), [t, 1]), reshape(windows.first, [t, 1])]
  const ofFirst = takeAlong(still.centre, expand(first, [t, n]), 0)
  const ofFrame = select(isDominant, arange(n), moving.centre)
  const into = select(isStatic, ofFirst, ofFrame)
  const isCentre = (of: Tensor) => reshape(of, [t, n, 1])
  return {
    kept: or(isDominant, or(still.isCentre, moving.isCentre)),
    states: select(isCentre(still.isCentre), still.x, select(isCentre(moving.isCentre), moving.x, states)),
    into: select(less(into, 0), -1, add(mul(select(isStatic, first, frame), n), into)),
  }
}

/** cos(f_t[l], f_{t+1}[l]), [t, n]; 1 in the last frame, behind which there is none. */
function likeness({ states, count: t, each: n }: Frames): Tensor {
  const last = expand(constant([1], [1, 1]), [1, n])
  return t > 1 ? concat([cosine(slice(states, 0, 0, t - 1), slice(states, 0, 1)), last], 0) : last
}

/** Places that are alike over all steps of their window, if that has more than one frame: bool [t, n]. */
function staticPlaces(windows: Segments, alike: Tensor): Tensor {
  const t = fixedDim('holitom', alike, 0)
  const hasNext = cast(less(add(cast(reshape(windows.index, [t, 1]), 'f32'), 1), windows.length), 'f32')
  const changes = sumOfSegment(windows, mul(sub(1, alike), hasNext))
  return and(equal(changes, 0), greater(windows.length, 1))
}

const countsOf = (mask: Tensor): Tensor => sum(cast(mask, 'f32'), 1)

/** How many of its row are larger, the first of equal ones first: i64. */
const ranks = (x: Tensor): Tensor => argsort(argsort(x, { descending: true }))

/** Centres, pulled to what joined them, and the centre of each point, -1 where there is none; `wanted` f32 [t]. */
function clustered(points: Points, wanted: Tensor, beta: number) {
  const count = cast(wanted, 'i64')
  const t = fixedDim('holitom', wanted, 0)
  const k = maximum(minimum(count, NEIGHBOURS), 1)
  const clusters = densityPeaks(points, count, NEIGHBOURS, k)
  const centre = select(greater(reshape(count, [t, 1]), 0), clusters.centre, -1)
  return { isCentre: clusters.isCentre, centre, x: pulledCentres(points, clusters, beta) }
}
