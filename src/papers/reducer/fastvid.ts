import { z } from 'zod'
import type { Frames, LeftOfFrames } from '../../pipeline/method/frames.ts'
import { markRows } from '../../pipeline/method/rows.ts'
import { segmentsOf } from '../../pipeline/method/segments.ts'
import { arange, not, or, reshape, select, type Tensor, topK } from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'
import { anchorsOf, mergedInto } from './frames/anchors.ts'
import { byAttention } from './frames/attended.ts'
import { cutLeast, transitions } from './frames/scenes.ts'

/**
 * FastVID: Dynamic Density Pruning for Fast Video Large Language Models
 * Shen et al. 2025, NeurIPS 2025. https://arxiv.org/abs/2503.11187
 */
export const fastvid = paper({
  id: 'fastvid',
  name: 'FastVID',
  title: 'FastVID: Dynamic Density Pruning for Fast Video Large Language Models',
  role: 'algorithm',
  arxiv: '2503.11187',
  url: 'https://arxiv.org/abs/2503.11187',
  code: 'https://github.com/LunarShen/FastVID',
  date: '2025-03',
  venue: 'NeurIPS 2025',
  kind: ['reducer'],
  summary:
    'Cuts a video where neighbouring frames differ, keeps of every frame the tokens that the encoder attends to most, and ' +
    'merges all others of a scene into a few dense anchors in every fourth of its frames. Tokens keep their positions. ' +
    'Needs no training.',
  equation: String.raw`
    R = \lfloor n r \rfloor,\qquad S = R - \lfloor R d \rfloor,\qquad C = R - S
    \text{scenes: cut where } \cos(g_t, g_{t+1}) \text{ is among the } c - 1 \text{ least, or} < \tau
    \text{anchors of a frame} = \mathrm{top}_m\, (\rho \cdot \delta),\qquad m = \left\lfloor \frac{C L}{\lceil L / p \rceil} \right\rfloor
    \hat{x}_a = w\, x_a + (1 - w)\, \mathrm{mean}(\text{what came to } a),\qquad w = \max\!\left(\frac{1}{\text{count} + 1},\ \alpha\right)
  `,
  where:
    'Of the n tokens of a frame R stay: S salient ones, which the encoder attends to most, as they are, and C of ' +
    'context. In a scene of L frames every p-th, counted back from the last, has anchors, the tokens of highest ' +
    'density rho times distance delta to a denser one (4 neighbours). Every other token of the scene goes, in ' +
    'each of these frames, to the anchor it is most like, and the anchor itself is among what came to it.',
  differs: [
    'The paper takes attention and features of frames (g) from a pooling head of SigLIP that checkpoints of ' +
      'language models lack; here attention is that of the last layer, and g are the means of frames.',
    'A token that came to several anchors is said to be part of the one in the next such frame.',
  ],
  places: ['see.patches', 'see.tokens'],
  options: z.object({
    retain: z.number().gt(0).max(1).default(0.1).describe('r: share of the tokens of a frame that stay'),
    context: z.number().min(0).max(1).default(0.4).describe('d: share of these that are anchors'),
    scenes: z.int().min(1).default(8).describe('c: scenes of a video, at least'),
    threshold: z.number().default(0.9).describe('tau: cosine of two frames below which a scene ends'),
    step: z.int().min(1).default(4).describe('p: every so many-th frame of a scene has anchors'),
    alpha: z.number().min(0).max(1).default(0.6).describe('share that an anchor keeps of itself, at least'),
    ids: idsOption('keep'),
  }),
  method: ({ ids, ...options }) => ({
    needs: { ofVideos: true },
    see: byAttention('fastvid', ids, (frames, attention) => pruned(frames, attention, options)),
  }),
})

interface Options {
  readonly retain: number
  readonly context: number
  readonly scenes: number
  readonly threshold: number
  readonly step: number
  readonly alpha: number
}

/** S and C of a frame of n tokens; one at least stays. */
export function budgetsOf(n: number, { retain, context }: Pick<Options, 'retain' | 'context'>) {
  const R = Math.max(1, Math.trunc(n * retain))
  const S = R - Math.trunc(R * context)
  return { S, C: R - S }
}

function pruned(frames: Frames, attention: Tensor, options: Options): LeftOfFrames {
  const { states, count: t, each: n } = frames
  const { S, C } = budgetsOf(n, options)
  const isSalient = markRows(n, topK(attention, S))
  if (C === 0 || S === n) return { kept: isSalient, count: t * S }
  const scenes = segmentsOf(cutLeast(transitions(states), options.scenes, options.threshold))
  const anchors = anchorsOf(frames, not(isSalient), scenes, { C, step: options.step })
  const { merged, nearest } = mergedInto(frames, anchors, scenes, options.alpha)
  const own = reshape(arange(t * n), [t, n])
  return {
    kept: or(isSalient, anchors.isAnchor),
    states: merged,
    into: select(or(isSalient, anchors.isAnchor), own, nearest),
  }
}
