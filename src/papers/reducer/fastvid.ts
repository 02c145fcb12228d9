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
 *
 * Of the n tokens of a frame R = floor(n r) stay, S = R - floor(R d) salient ones and C = R - S of context. Cuts are the c - 1
 * least alike transitions and all below tau. Salient: the S that the encoder attends to most, as they are. In a scene of L
 * frames every p-th, counted back from the last, has m = floor(C L / ceil(L / p)) anchors, the other tokens of highest density
 * times distance to a denser one (k = 4). Every token of the scene that is not salient goes, in each of these frames, to the
 * anchor it is most like; an anchor becomes w itself + (1 - w) the mean of what came to it, itself among them, w = max(1 /
 * (count + 1), alpha). The paper takes attention and frame features from a pooling head of SigLIP that checkpoints of language
 * models lack: here from the attention of the last layer, and from the means of frames. A token that came to several anchors
 * is said to be part of the one in the next such frame.
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
