import { z } from 'zod'
import { greedy, keepPatches } from '../../pipeline/method/choose.ts'
import { patchStates, saliency } from '../../pipeline/method/encoder-signals.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import {
  argsort,
  div,
  exp,
  less,
  max,
  maximum,
  mean,
  min,
  mul,
  reshape,
  select,
  sortAscending,
  square,
  sub,
  type Tensor,
  takeAlong,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * ID-Selection: Importance-Diversity Based Visual Token Selection for Efficient LVLM Inference
 * 2026. https://arxiv.org/abs/2604.05601
 */
export const idSelection = paper({
  id: 'id-selection',
  name: 'ID-Selection',
  title: 'ID-Selection: Importance-Diversity Based Visual Token Selection for Efficient LVLM Inference',
  role: 'algorithm',
  arxiv: '2604.05601',
  url: 'https://arxiv.org/abs/2604.05601',
  date: '2026-04',
  kind: ['reducer'],
  summary:
    'Soft non-maximum suppression in feature space: the most important visual token is taken, and what looks like it loses ' +
    'importance by as much as it resembles it; then the next. Important tokens come first, near copies last, and tokens ' +
    'unlike all others keep their rank. No training.',
  equation: String.raw`
    w_{ij} = \exp\!\big(-\gamma\, d_{ij}^2\big),\qquad d_{ij} = 1 - \cos(e_i, e_j)
    k \text{ times:}\quad i = \arg\max s,\qquad s_j \leftarrow s_j - w_{ij}\, s_i
  `,
  where: 's is the importance of each patch, scaled to [0, 1]; what is taken lowers the scores of what is like it.',
  differs: [
    'A reconstruction: there is no code of the authors.',
    'Importance is the attention from CLS (of all patches where there is no CLS) and e the features of that ' +
      'encoder, so the choice does not depend on the question.',
    'Scores may fall below 0 (`suppress=subtract`), are cut off there as in a port of others (`clamp`), or are ' +
      'multiplied by 1 - w.',
    'What is taken at a score below 0 suppresses nothing, so that its look-alikes do not rise.',
    'Equal scores: the larger importance first, then the lower index.',
    '`centre` takes the mean of the features off before cosines.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.2222),
    gamma: z.number().min(0).default(20).describe('how fast suppression falls with the squared distance'),
    suppress: z
      .enum(['subtract', 'clamp', 'multiply'])
      .default('subtract')
      .describe('what becomes of the scores of look-alikes'),
    centre: z.boolean().default(false).describe('cosines are of features without their mean'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ gamma, suppress, centre, layer, ...how }) => ({
    see: {
      patches: (tokens) =>
        keepPatches(tokens, { ...how, by: 'id-selection' }, (k) => {
          const importance = saliency(tokens, 'id-selection', layer)
          const order = argsort(importance, { descending: true }) // so that of equal scores the more important comes first
          const features = patchStates(tokens, 'id-selection')
          const e = gatherRows(centre ? sub(features, mean(features, 1, true)) : features, order)
          const w = exp(mul(square(sub(1, cosines(e))), -gamma))
          return sortAscending(takeAlong(order, suppressing(scaled(takeAlong(importance, order)), w, k, suppress)))
        }),
    },
  }),
})

/** To [0, 1]; as it is where all are alike. */
function scaled(s: Tensor): Tensor {
  const [low, high] = [min(s, 1, true), max(s, 1, true)]
  const range = sub(high, low)
  return select(less(range, 1e-9), s, div(sub(s, low), maximum(range, 1e-9)))
}

/** k indices by scores [b, n] and suppression weights [b, n, n], as they are taken. */
function suppressing(scores: Tensor, w: Tensor, k: number, how: 'subtract' | 'clamp' | 'multiply'): Tensor {
  const [batch, n] = scores.shape
  const after = (current: Tensor | undefined, pick: Tensor) => {
    const s = current ?? scores
    const likeness = reshape(gatherRows(w, pick), [batch, n])
    if (how === 'multiply') return mul(s, sub(1, likeness))
    const less = sub(s, mul(likeness, maximum(takeAlong(s, pick), 0)))
    return how === 'clamp' ? maximum(less, 0) : less
  }
  return greedy<Tensor>(k, (s) => s ?? scores, after)
}
