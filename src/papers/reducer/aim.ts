import { z } from 'zod'
import { causalMask } from '../../models/language/masks.ts'
import { attentionScores } from '../../nn/index.ts'
import { best, keepPatches } from '../../pipeline/method/choose.ts'
import { visualAtStart } from '../../pipeline/method/decoder-signals.ts'
import { leadingTokens, patchCount, patchStates, tokenKeys } from '../../pipeline/method/encoder-signals.ts'
import { type Ids, placed, placedAs } from '../../pipeline/method/ids.ts'
import { mergeTo } from '../../pipeline/method/matching.ts'
import { rowNumbers } from '../../pipeline/method/rows.ts'
import { decoderLayer, keepVisual, type Sequence } from '../../pipeline/method/sequence.ts'
import { regroup, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  concat,
  countOf,
  matmul,
  mean,
  minDim,
  mul,
  reshape,
  slice,
  softmax,
  sqrt,
  square,
  subDim,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { idsOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * AIM: Adaptive Inference of Multi-Modal LLMs via Token Merging and Pruning
 * 2024, ICCV 2025. https://arxiv.org/abs/2412.03248
 */
export const aim = paper({
  id: 'aim',
  name: 'AIM',
  title: 'AIM: Adaptive Inference of Multi-Modal LLMs via Token Merging and Pruning',
  arxiv: '2412.03248',
  url: 'https://arxiv.org/abs/2412.03248',
  code: 'https://github.com/LaVi-Lab/AIM',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['reducer', 'compute'],
  reported: {
    'FLOPs of the prefill': { value: 0.148, unit: 'x', where: '14.76 of 99.63 TFLOP, LLaVA-OneVision-7B, 32 frames' },
    'time of the prefill': { value: 0.125, unit: 'x', where: '55 of 440 ms by a roofline model of an A100' },
  },
  summary:
    'Video tokens are redundant before the LLM and nearly useless in its last layers. Similar tokens of a frame ' +
    "are merged pairwise ahead of the LLM; inside, a PageRank over each layer's attention drops ever more visual " +
    'tokens until none is left. Two knobs span a 40-fold range of FLOPs without training; a video model keeps its ' +
    'accuracy at about a seventh of the FLOPs.',
  equation: String.raw`
    R_l = \max\!\left(0,\ 1 - \frac{l - l_1 + 1}{l_2 - l_1}\right)
    M_h = \mathrm{softmax}(Z_h / \tau),\qquad p_h^{(0)} = \tfrac{1}{N}\mathbf{1},\qquad p_h^{(t+1)} = p_h^{(t)} M_h
    s_j = \sqrt{\mathrm{mean}_h\, \big(p_{h,j}^{(5)}\big)^2},\qquad \text{stay after layer } l: \ \mathrm{top}_{R_l V}\, s
  `,
  where:
    'Before the language model, the patches are merged by bipartite matching of the cosines of their keys, ' +
    'halving their number until `merge` of them are left. Inside, Z are the scores of a layer before its softmax, ' +
    'p a walk of five steps along the attention, V the visual tokens that there were at first. From layer l1 on ' +
    'ever fewer visual tokens stay, from l2 on none; text stays.',
  differs: [
    'Tokens are removed, where the released code masks them; so rows that went before give nothing to a walk, ' +
      'while in that code they start with 1 / N.',
    'What the released code computes with a mask is not here.',
    'Positions inside the language model stay.',
    'l1 and l2 are shares of the depth, 14 and 22 of 28; a share of tokens rounds as everywhere, and a rate ' +
      'above 0 keeps one at least.',
    'In later turns the walk is over the new tokens alone.',
    'Merged tokens stand one after another, or where their destinations stood (`ids=keep`).',
    '`metric=states` compares the features, as on videos, `keys` the keys of the last encoder layer, as on images.',
    'Each view is merged by itself; inside the language model all pictures share one budget.',
  ],
  places: ['see.patches', 'read.layer'],
  options: z.object({
    merge: z
      .number()
      .gt(0)
      .max(1)
      .default(0.4375)
      .describe('share of the patches that merging leaves; 0.25 for videos'),
    metric: z.enum(['keys', 'states']).default('keys').describe('what patches are compared by'),
    from: z.number().min(0).max(1).default(0.5).describe('l1: share of the layers before the first that prunes'),
    to: z.number().min(0).max(1).default(0.786).describe('l2: share of the layers that see visual tokens'),
    layer: visionLayerOption.describe(
      'vision layer whose keys are compared, negative from the end; the last when absent',
    ),
    ids: idsOption('pack'),
  }),
  method: ({ merge, metric, from, to, layer: visionLayer = -1, ids }) => ({
    see: { patches: (tokens) => merged(tokens, merge, metric === 'keys' ? visionLayer : undefined, ids) },
    read: {
      layer: (seq, next, { layer, architecture }) => {
        const rate = rateAt(
          layer,
          Math.round(from * architecture.language.layers),
          Math.round(to * architecture.language.layers),
        )
        const out = next(seq)
        if (rate === 1) return out
        const k = minDim(out.visual.shape[1], countOf(visualAtStart(out), rate))
        return keepVisual(out, best(takeAlong(importance(out, layer), out.visual), k), 'aim')
      },
    },
  }),
})

/** Share of the visual tokens that is left after a layer. */
export const rateAt = (l: number, l1: number, l2: number): number =>
  l < l1 ? 1 : Math.max(0, 1 - (l - l1 + 1) / Math.max(l2 - l1, 1))

const [STEPS, TAU] = [5, 0.1]

/** Root mean square over heads of where a walk along attention ends, [b, n]. */
function importance(seq: Sequence, layer: number): Tensor {
  const { queries, keys, bias, mask, scoring, input } = decoderLayer(seq, layer, 'aim')
  const [batch, , n] = queries.shape
  const hidden = bias ?? (mask ? mask() : causalMask(undefined, input))
  const scores = attentionScores(queries, keys, scoring)
  return reshape(walked(hidden ? add(scores, slice(hidden, 3, subDim(hidden.shape[3], n))) : scores), [batch, n])
}

/** Scores Z [b, h, n, n] -> [b, 1, n]. */
export function walked(Z: Tensor): Tensor {
  const M = softmax(mul(Z, 1 / TAU))
  let p = mean(M, 2, true) // the first step, from everywhere alike
  for (let step = 1; step < STEPS; step++) p = matmul(p, M)
  return sqrt(mean(square(p), 1))
}

/** The patches of each view, merged until a share of them is left; CLS and registers that the connector takes stay first. */
function merged(tokens: VisualTokens, share: number, keysOf: number | undefined, ids: Ids): VisualTokens {
  const leading = leadingTokens(tokens, 'aim')
  const [n, count] = [patchCount(tokens), countOf(leading + patchCount(tokens), share) - leading]
  if (count >= n || count <= 0)
    return keepPatches(tokens, { keep: share, ids, by: 'aim' }, (k) =>
      slice(rowNumbers(patchStates(tokens, 'aim')), 1, 0, k),
    )
  const before = placed(tokens, ids)
  const x = patchStates(tokens, 'aim')
  const { states, assignment, source } = mergeTo(x, keysOf === undefined ? x : tokenKeys(tokens, 'aim', keysOf), count)
  const first = slice(rowNumbers(tokens.states), 1, 0, leading)
  const behind = (indices: Tensor) => concat([first, add(indices, leading)], 1)
  const whole = concat([slice(tokens.states, 1, 0, leading), states], 1)
  return placedAs(regroup(before, whole, behind(assignment), 'aim'), before, behind(source))
}
