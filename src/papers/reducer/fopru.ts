import { z } from 'zod'
import { best, keepPatches } from '../../pipeline/method/choose.ts'
import { amongPatches } from '../../pipeline/method/encoder-signals.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  countOf,
  greater,
  mean,
  mul,
  reshape,
  select,
  square,
  sub,
  sum,
  type Tensor,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * FoPru: Focal Pruning for Efficient Large Vision-Language Models
 * 2024. https://arxiv.org/abs/2411.14164
 */
export const fopru = paper({
  id: 'fopru',
  name: 'FoPru',
  title: 'FoPru: Focal Pruning for Efficient Large Vision-Language Models',
  arxiv: '2411.14164',
  url: 'https://arxiv.org/abs/2411.14164',
  date: '2024-11',
  kind: ['reducer'],
  summary:
    "The vision encoder's own attention already tells which patches matter. Each patch is scored by the attention " +
    'it receives or gives, whichever profile varies more; the best patches, or whole grid rows, are kept in ' +
    'raster order and the rest never reaches the connector. No training and no look at the question; a quarter of ' +
    'the tokens costs about a point.',
  equation: String.raw`
    s^{\text{in}}_j = \mathrm{mean}_i\, A_{ij},\qquad s^{\text{out}}_i = \mathrm{mean}_j\, A_{ij},\qquad s = \text{the one of larger variance}
    \texttt{rank}:\ \mathrm{top}_k\, s \qquad\quad \texttt{row}:\ \text{the rows of largest } \textstyle\sum_{j \in \text{row}} s_j
  `,
  where:
    'A is the attention among patches at a layer of the vision encoder, mean over heads. `rank` keeps tokens, ' +
    '`row` whole rows of the grid, both in raster order.',
  differs: [
    'A is q k^T / sqrt(d) before the softmax, as a serving engine has it; `scores=attention` is after it.',
    's is s_in where both vary alike.',
    'Counts are rounded as everywhere and are 1 at least, where that engine rounds down.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.25),
    by: z.enum(['rank', 'row']).default('rank').describe('whether tokens or whole rows of the grid stay'),
    scores: z
      .enum(['logits', 'attention'])
      .default('logits')
      .describe('what profiles are made of: before or after softmax'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ by, scores, layer, ...how }) => ({
    see: {
      patches: (tokens) => {
        const s = significance(amongPatches(tokens, 'fopru', scores, layer))
        const choose = by === 'rank' ? (k: number) => best(s, k) : () => bestRows(tokens, s, how.keep)
        return keepPatches(tokens, { ...how, by: 'fopru' }, choose)
      },
    },
  }),
})

/** The profile, received or given, that varies more over the tokens: A [b, n, n] -> [b, n]. */
function significance(A: Tensor): Tensor {
  const [received, given] = [mean(A, 1), mean(A, 2)]
  const variance = (s: Tensor) => mean(square(sub(s, mean(s, 1, true))), 1, true)
  return select(greater(variance(given), variance(received)), given, received)
}

/** All tokens of the grid rows of largest sum. */
function bestRows({ vision: { grid } }: VisualTokens, s: Tensor, keep: number): Tensor {
  const { rows, columns } = grid
  const [batch] = s.shape
  if (s.shape[1] !== rows * columns) throw methodError('fopru: there are no rows in this view; use by=rank')
  const k = countOf(rows, keep)
  const kept = best(sum(reshape(s, [batch, rows, columns]), 2), k) // [b, k]
  return reshape(add(mul(reshape(kept, [batch, k, 1]), columns), arange(columns)), [batch, k * columns])
}
