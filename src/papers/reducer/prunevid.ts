import { z } from 'zod'
import { clusterMeans, densityPeaks, forAll, type Points } from '../../pipeline/method/clusters.ts'
import { type Frames, framesOf, type LeftOfFrames, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { type Segments, segmentsOf, sumOfSegment } from '../../pipeline/method/segments.ts'
import { unit } from '../../pipeline/method/similarity.ts'
import {
  add,
  and,
  arange,
  cast,
  constant,
  div,
  equal,
  expand,
  floor,
  greater,
  maximum,
  mean,
  mul,
  not,
  or,
  reshape,
  select,
  square,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { longestRuns } from './frames/longest-runs.ts'

/**
 * PruneVid: Visual Token Pruning for Efficient Video Large Language Models
 * Huang et al. 2024, ACL 2025 Findings. https://arxiv.org/abs/2412.16117
 */
export const prunevid = paper({
  id: 'prunevid',
  name: 'PruneVid',
  title: 'PruneVid: Visual Token Pruning for Efficient Video Large Language Models',
  role: 'algorithm',
  arxiv: '2412.16117',
  url: 'https://arxiv.org/abs/2412.16117',
  code: 'https://github.com/Visual-AI/PruneVid',
  date: '2024-12',
  venue: 'ACL 2025',
  kind: ['reducer'],
  summary:
    'Cuts a video into runs of similar frames by clustering, takes the mean over a run of every place that does not ' +
    'change in it, and clusters what is left of each frame by similarity. Needs no training and no question; how many ' +
    'tokens are left depends on the video.',
  equation: String.raw`
    \text{static}(l):\ \mathrm{mean}_{w \ne t}\, \cos(x_w[l],\, x_t[l]) > \tau \ \text{ over the frames of a run},\qquad x[l] \leftarrow \mathrm{mean}_w\, x_w[l]
    \text{clusters of } S \text{ tokens}: \ \lfloor S \cdot \text{share} \rfloor \ \text{ where } S > 14,\qquad \text{token} = \mathrm{mean}(\text{cluster})
  `,
  where:
    'Frames are clustered by their means (DPC-kNN, floor(T segments) clusters) into runs. Static tokens of a run ' +
    'become their mean, which stands in its first frame. The static tokens of a run, and the others of each ' +
    'frame, are then clustered in turn; each cluster becomes its mean, which stands where its centre was.',
  differs: [
    'The released code puts the static tokens of a run before its others, and clusters in the order of their ' +
      'centres; here all are in raster order.',
    'The stage inside the language model is not here.',
    'How many tokens stay only the video tells.',
    'Equal points are told apart by order, and k of the neighbours is never more than the frames.',
  ],
  places: ['see.tokens'],
  options: z.object({
    tau: z.number().default(0.8).describe('mean cosine above which a place of a run is static'),
    segments: z.number().gt(0).max(1).default(0.25).describe('clusters of frames, as a share of the frames'),
    share: z.number().gt(0).max(1).default(0.5).describe('clusters of tokens, as a share of the tokens'),
    ids: idsOption('pack'),
  }),
  method: ({ tau, segments, share, ids }) => ({
    needs: { ofVideos: true },
    see: {
      tokens: (tokens) => {
        const frames = framesOf(tokens, 'prunevid')
        if (!frames) return tokens
        const runs = segmentsOf(runsOfFrames(frames, segments))
        return leaveOfFrames(tokens, frames, merged(frames, runs, tau, share), { by: 'prunevid', ids })
      },
    },
  }),
})

const NEIGHBOURS = 7

/** Sets of no more tokens are not clustered. */
const FEW = 14

/** The run that each frame is of, i64 [t]. */
function runsOfFrames({ states, count: t }: Frames, share: number): Tensor {
  const points = { x: reshape(mean(states, 1), [1, t, states.shape[2]]), isThere: equal(constant([...Array(t).fill(1)], [1, t]), 1) } // biome-ignore format: one step
  const k = Math.min(NEIGHBOURS, t)
  const { centre } = densityPeaks(points, forAll(Math.max(1, Math.trunc(t * share)), points), k, forAll(k, points))
  return longestRuns(reshape(centre, [t]))
}

/** Places of each frame that are static in its run, bool [t, n]. */
function staticPlaces({ states }: Frames, runs: Segments, tau: number): Tensor {
  const u = unit(states)
  const [W, own] = [runs.length, sumOfSegment(runs, sum(square(u), -1))]
  const pairs = sub(sum(square(sumOfSegment(runs, u)), -1), own) // sum of cosines over w != t, [t, n]
  return and(greater(div(pairs, maximum(mul(W, sub(W, 1)), 1)), tau), greater(W, 1))
}

function merged(frames: Frames, runs: Segments, tau: number, share: number): LeftOfFrames {
  const { states, count: t, each: n } = frames
  const isStatic = staticPlaces(frames, runs, tau)
  const isFirst = equal(reshape(runs.index, [t, 1]), 0)
  const means = div(sumOfSegment(runs, states), reshape(runs.length, [t, 1, 1]))
  const still = clustered({ x: means, isThere: and(isStatic, isFirst) }, share)
  const moving = clustered({ x: states, isThere: not(isStatic) }, share)
  const first = reshape(runs.first, [t, 1])
  const stillCentre = takeAlong(still.centre, expand(first, [t, n]), 0) // of the first frame of the run
  const frame = reshape(arange(t), [t, 1])
  return {
    kept: or(still.isCentre, moving.isCentre),
    states: select(reshape(moving.isCentre, [t, n, 1]), moving.means, still.means),
    into: select(isStatic, add(mul(first, n), stillCentre), add(mul(frame, n), moving.centre)),
  }
}

/** floor(S share) clusters of S tokens; all of a few. */
function clustered(points: Points, share: number) {
  const S = sum(cast(points.isThere, 'i64'), 1)
  const wanted = cast(floor(mul(cast(S, 'f32'), share)), 'i64')
  const clusters = densityPeaks(points, select(greater(S, FEW), wanted, S), NEIGHBOURS, forAll(NEIGHBOURS, points))
  return { ...clusters, means: clusterMeans(points, clusters) }
}
