import { z } from 'zod'
import { keepArranged } from '../../pipeline/method/arrange.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { contextual, type Merging, splitByScore, zipPatches } from '../../pipeline/method/contextual.ts'
import { ahead, attentionFrom, visualAtStart } from '../../pipeline/method/decoder-signals.ts'
import type { Ids } from '../../pipeline/method/ids.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { decoderLayer, type Sequence, visualStates } from '../../pipeline/method/sequence.ts'
import { evenShares, stageAt } from '../../pipeline/method/stages.ts'
import {
  cast,
  concat,
  countOf,
  type Dim,
  dimValue,
  div,
  maximum,
  mean,
  minDim,
  oneOf,
  subDim,
  sum,
  type Tensor,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, mergingOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Rethinking Visual Token Reduction in LVLMs under Cross-modal Misalignment
 * 2025, AAAI 2026. https://arxiv.org/abs/2506.22283
 */
export const visiondrop = paper({
  id: 'visiondrop',
  name: 'VisionDrop',
  title: 'Rethinking Visual Token Reduction in LVLMs under Cross-modal Misalignment',
  arxiv: '2506.22283',
  url: 'https://arxiv.org/abs/2506.22283',
  code: 'https://github.com/Ruixxxx/VisionDrop',
  date: '2025-06',
  venue: 'AAAI 2026',
  kind: ['reducer', 'interpretability'],
  reported: {
    'FLOPs of the prefill': { value: 0.233, unit: 'x', where: '2.11 of 9.06 TFLOP at 64 tokens, LLaVA-1.5-7B' },
  },
  summary:
    'Attention from text to image is a poor measure of importance inside an LLM: it favours the end of the image, ' +
    'mixes modalities in depth and knows no 2-D layout. Tokens are scored only by what other visual tokens pay ' +
    'them, in stages across encoder and LLM, and part of the dropped ones is merged into a few context tokens. No ' +
    'training; twice as fast with 64 tokens.',
  equation: String.raw`
    S(j) = A_{\mathrm{enc}}[\mathrm{CLS},\, j] \ \text{ behind the encoder},\qquad S(j) = \mathrm{mean}_{h,\, i \in \text{visual}}\, A^{L}_h[i,\, j] \ \text{ before layer } L
    \text{stage: } \mathrm{top}_D\, S,\quad \text{the others} \to C \text{ contextual tokens by } \cos(k_i, k_j)
  `,
  where:
    'Stages are behind the vision encoder and before layers 8, 16 and 24 of 32. There visual tokens are scored by ' +
    'what they themselves would attend to in that layer. The others are merged as in VisionZip, behind those that ' +
    'stay. Positions are counted anew.',
  differs: [
    '`keep` is the mean over all layers: the encoder leaves `first` times that, and each stage the same share ' +
      'of the stage before, so that the mean comes out: 48, 35, 26, 19 for 32 tokens, as in the script of the ' +
      'authors.',
    'Contextual tokens are 13.5 % of a stage, which is their 6, 5, 4, 3.',
    'CLS is no token of its own on models that do not take it.',
    'The causal mask and text keys are left in the score; with `masked=false` all see all.',
    'Each view has a budget of its own behind the encoder; inside the language model all pictures share one, ' +
      'and contextual tokens stay within their view.',
    'Positions with several axes stay.',
  ],
  places: ['see.patches', 'read.layer', 'read.attention'],
  options: z.object({
    keep: keepSomeOption(0.25).describe('share of the visual tokens that is left, mean over all layers'),
    first: z.number().min(1).default(1.5).describe('times that share that the encoder leaves; 3 for videos'),
    contextual: z.number().min(0).max(1).default(0.135).describe('share of the tokens of a stage that are merged ones'),
    merging: mergingOption,
    masked: z.boolean().default(true).describe('whether visual tokens only score what they can see'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ keep, first, masked, layer: visionLayer, ...how }) => {
    const shares = stageShares(keep, first)
    return {
      see: {
        patches: (tokens) => zipPatches(tokens, { ...how, keep: shares[0], layer: visionLayer, by: 'visiondrop' }),
      },
      read: {
        ...closingUp(how.ids),
        layer: (seq, next, { layer, architecture }) => {
          const stage = stageAt(layer, architecture.language.layers, evenShares(STAGES))
          if (stage === undefined) return next(seq)
          const seen = ahead(seq, next)
          const v = seq.visual.shape[1]
          const total = minDim(v, countOf(visualAtStart(seq), shares[stage + 1] / shares[0]))
          return next(reduced(seq, scoresOf(seen, layer, masked), meanKeysOf(seen, layer), total, how))
        },
      },
    }
  },
})

/** In the language model. */
const STAGES = 3

/** Shares of all tokens behind the encoder and behind each stage, f, f q, f q^2, f q^3, whose mean is `keep`. */
export function stageShares(keep: number, first: number): number[] {
  const f = Math.min(1, first * keep)
  const sharesAt = (q: number) => Array.from({ length: STAGES + 1 }, (_, stage) => f * q ** stage)
  const meanAt = (q: number) => sharesAt(q).reduce((sum, share) => sum + share, 0) / (STAGES + 1)
  if (meanAt(1) <= keep) return sharesAt(1)
  let [low, high] = [0, 1]
  for (let step = 0; step < 50; step++) {
    const q = (low + high) / 2
    if (meanAt(q) < keep) low = q
    else high = q
  }
  return sharesAt(high)
}

/** S, mean over heads and visual rows: [b, v]. */
function scoresOf(seq: Sequence, layer: number, masked: boolean): Tensor {
  const looked = mean(attentionFrom(seq, layer, seq.visual, 'visiondrop', { masked }), 1) // [b, v, v]
  return div(sum(looked, 1), maximum(cast(dimValue(seq.visual.shape[1]), 'f32'), 1))
}

/** Rotated keys of the visual tokens, mean over heads: [b, v, d]. */
const meanKeysOf = (seq: Sequence, layer: number): Tensor =>
  gatherRows(mean(decoderLayer(seq, layer, 'visiondrop').keys, 1), seq.visual)

interface How {
  readonly contextual: number
  readonly merging: Merging
  readonly ids: Ids
}

/** D = total - C dominant tokens, then C contextual ones. */
function reduced(seq: Sequence, scores: Tensor, keys: Tensor, total: Dim, { contextual: share, merging, ids }: How) {
  const v = seq.visual.shape[1]
  // No more than there are to merge, and one dominant token at least unless all are contextual.
  const most = share < 1 ? subDim(total, oneOf(total)) : total
  const C = minDim(minDim(countOf(total, share), most), subDim(v, total))
  const split = splitByScore(scores, keys, subDim(total, C), C)
  const h = visualStates(seq)
  const states = concat([gatherRows(h, split.dominant), contextual(h, split, merging)], 1)
  return keepArranged(seq, concat([split.dominant, split.targets], 1), states, 'visiondrop', ids)
}
