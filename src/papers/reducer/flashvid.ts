import { z } from 'zod'
import { clusterMeans, densityPeaks } from '../../pipeline/method/clusters.ts'
import type { Frames, LeftOfFrames } from '../../pipeline/method/frames.ts'
import { type Segments, segmentsOf, sumOfSegment } from '../../pipeline/method/segments.ts'
import { keepVisual, lastAttention, type Sequence } from '../../pipeline/method/sequence.ts'
import {
  add,
  arange,
  cast,
  ceil,
  countOf,
  div,
  gather,
  greater,
  less,
  maximum,
  mean,
  minimum,
  mul,
  not,
  or,
  reshape,
  select,
  sortAscending,
  sub,
  sum,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { byAttention } from './frames/attended.ts'
import { diverseTokens } from './frames/diverse-tokens.ts'
import { cutBelow, transitions } from './frames/scenes.ts'
import { type Trees, tokenTrees } from './frames/token-trees.ts'

/**
 * FlashVID: Efficient Video Large Language Models via Training-free Tree-based Spatiotemporal Token Merging
 * 2026, ICLR 2026. https://arxiv.org/abs/2602.08024
 */
export const flashvid = paper({
  id: 'flashvid',
  name: 'FlashVID',
  title: 'FlashVID: Efficient Video Large Language Models via Training-free Tree-based Spatiotemporal Token Merging',
  role: 'algorithm',
  arxiv: '2602.08024',
  url: 'https://arxiv.org/abs/2602.08024',
  code: 'https://github.com/Fanziyang-v/FlashVID',
  date: '2026-02',
  venue: 'ICLR 2026',
  kind: ['reducer'],
  summary:
    'Keeps in every frame tokens that are attended to and unlike each other. The others are linked to the most similar ' +
    'token of the frame before, wherever it lies, so that a moving thing becomes one tree and one token. Some more than ' +
    'wanted enter the language model, and a late layer drops most of them.',
  equation: String.raw`
    B = \lceil n r x \rceil,\qquad A = \lceil B \alpha \rceil,\qquad C = B - A
    \text{chosen: max-min over } W_{ij} = \big(1 - \cos(f_i, f_j)\big)\, a_j\, \big[\langle f_j, \bar{f}_{\text{scene}} \rangle\big]_{\texttt{v2}}
    \text{parent}(t, i) = \arg\max_j\, \cos(f_{t,i},\, f_{t-1,j}) \ \text{ where that is} > \tau,\qquad \text{token} = \mathrm{mean}(\text{tree})
  `,
  where:
    'Of each frame B tokens stay, A of them chosen: attended (a) and unlike each other. Scenes end where the ' +
    'means of two frames are less alike than `threshold`, at least m of them. The other tokens each hang on the ' +
    'most alike one of the frame before in their scene, and a tree becomes one token where its root is. Where a ' +
    'scene of F frames has more than C F trees, those of each frame are clustered. Before one layer of the ' +
    'language model a share rho of the visual tokens stays, by the attention of the last token.',
  differs: [
    'The mean of a tree is over all of its tokens; `tree=released` divides by the children of its root alone, ' +
      'so that deep trees grow.',
    'A scene of one frame does not cluster again what was chosen, as the released code does.',
    'No token is chosen twice, and equal links are told apart by their order.',
    'Images are as they are until that layer.',
  ],
  places: ['see.patches', 'see.tokens', 'read.layer'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.1).describe('r: mean share of the tokens of a video over all layers'),
    expansion: z.number().min(1).default(1.25).describe('x: how many times that enters the language model'),
    alpha: z.number().min(0).max(1).default(0.7).describe('share of the tokens that are chosen as they are'),
    choice: z.enum(['v1', 'v2']).default('v2').describe('by attention, or by attention and likeness to the scene'),
    scenes: z.int().min(1).default(8).describe('m: scenes of a video, at least'),
    threshold: z.number().default(0.9).describe('th: cosine of two frames below which a scene ends'),
    tau: z.number().default(0.8).describe('cosine of two tokens above which one hangs on the other'),
    tree: z.enum(['mean', 'released']).default('mean').describe('mean of a tree, or its sum over children as released'),
    depth: z
      .number()
      .gt(0)
      .max(1)
      .default(5 / 7)
      .describe('share of the layers before which tokens are dropped; 1: none'),
    late: z.number().min(0).max(1).default(0.3).describe('rho: share of the visual tokens that stay there'),
    ids: idsOption('pack'),
  }),
  method: ({ depth, late, ids, ...outer }) => ({
    needs: { ofVideos: true },
    see: byAttention('flashvid', ids, (frames, attention) => compressed(frames, attention, outer)),
    read: {
      layer: (seq, next, { layer, architecture }) => {
        const isThere = layer > 0 && layer === Math.round(depth * architecture.language.layers)
        return next(isThere ? keepAttended(seq, layer, late) : seq)
      },
    },
  }),
})

interface Outer {
  readonly retain: number
  readonly expansion: number
  readonly alpha: number
  readonly choice: 'v1' | 'v2'
  readonly scenes: number
  readonly threshold: number
  readonly tau: number
  readonly tree: 'mean' | 'released'
}

/** What a product in double precision may lie above the whole number that it is. */
const DOUBLE = 1e-9

/** A and C of a frame of n tokens. */
export function budgetsOf(n: number, { retain, expansion, alpha }: Pick<Outer, 'retain' | 'expansion' | 'alpha'>) {
  const B = Math.min(n, Math.ceil(n * retain * expansion - DOUBLE))
  const A = Math.ceil(B * alpha - DOUBLE)
  return { A, C: B - A }
}

function compressed(frames: Frames, attention: Tensor, outer: Outer): LeftOfFrames {
  const { states, count: t, each: n } = frames
  const { A, C } = budgetsOf(n, outer)
  const scenes = segmentsOf(cutBelow(transitions(states), outer.scenes, outer.threshold))
  const weights = outer.choice === 'v1' ? attention : mul(attention, relevance(states, scenes))
  const isChosen = diverseTokens(states, weights, A)
  const trees = tokenTrees(states, not(isChosen), scenes, { ...outer, least: A + C })
  const { isCentre, centre, means } = clusteredTrees(trees, scenes, C)
  const frame = mul(reshape(arange(t), [t, 1]), n)
  const ofRoot = reshape(select(less(centre, 0), -1, add(frame, centre)), [t * n])
  return {
    kept: or(isChosen, isCentre),
    states: select(reshape(isCentre, [t, n, 1]), means, states),
    into: select(isChosen, reshape(arange(t * n), [t, n]), gather(ofRoot, trees.root)),
  }
}

/** <f_j, mean token of the scene>, [t, n]. */
function relevance(states: Tensor, scenes: Segments): Tensor {
  const [t, , d] = states.shape
  const centre = div(sumOfSegment(scenes, mean(states, 1)), scenes.length)
  return sum(mul(states, reshape(centre, [t, 1, d])), -1)
}

const NEIGHBOURS = 7

/** Centres of the trees of each frame, and the centre of each root, -1 where there is none. */
function clusteredTrees({ isRoot, states }: Trees, scenes: Segments, C: number) {
  const points = { x: states, isThere: isRoot }
  const roots = sum(cast(isRoot, 'f32'), 1, true) // n_t, [t, 1]
  const share = div(mul(scenes.length, C), maximum(sumOfSegment(scenes, roots), 1)) // q
  const some = cast(ceil(sub(mul(roots, share), 1e-4)), 'i64')
  const wanted = reshape(select(less(share, 1), some, cast(roots, 'i64')), [roots.shape[0]])
  const clusters = densityPeaks(points, wanted, NEIGHBOURS, maximum(minimum(wanted, NEIGHBOURS), 1))
  const isAny = greater(reshape(wanted, roots.shape), 0)
  return { ...clusters, centre: select(isAny, clusters.centre, -1), means: clusterMeans(points, clusters) }
}

function keepAttended(seq: Sequence, layer: number, late: number): Sequence {
  const scores = mean(lastAttention(seq, layer - 1, 'flashvid'), 1) // [b, v]
  return keepVisual(seq, sortAscending(topK(scores, countOf(seq.visual.shape[1], late))), 'flashvid')
}
