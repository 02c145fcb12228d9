import { z } from 'zod'
import { greedy, keepOfPicture } from '../../pipeline/method/choose.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import {
  arange,
  equal,
  fixedDim,
  min,
  minimum,
  reshape,
  select,
  sortAscending,
  sub,
  type Tensor,
} from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * DivPrune: Diversity-based Visual Token Pruning for Large Multimodal Models
 * 2025, CVPR 2025. https://arxiv.org/abs/2503.02175
 */
export const divprune = paper({
  id: 'divprune',
  name: 'DivPrune',
  title: 'DivPrune: Diversity-based Visual Token Pruning for Large Multimodal Models',
  role: 'algorithm',
  arxiv: '2503.02175',
  url: 'https://arxiv.org/abs/2503.02175',
  code: 'https://github.com/vbdi/divprune',
  date: '2025-03',
  venue: 'CVPR 2025',
  kind: ['reducer'],
  summary:
    'What is kept should cover what was there: a greedy max-min choice takes, one after the other, the visual token that ' +
    'is farthest from all those taken. No attention, no question and no training; two questions about one picture see ' +
    'the same tokens.',
  equation: String.raw`
    D_{ij} = 1 - \cos(x_i, x_j)
    j_1 = \arg\max_j\, \min_{i \ne j} D_{ij},\qquad j_{t+1} = \arg\max_j\, \min_{s \in \text{chosen}} D_{sj}
  `,
  where:
    'x are the tokens as the language model is given them. First the token whose nearest other is farthest, then ' +
    'always the one whose nearest chosen one is; all in raster order.',
  differs: [
    'A chosen token is never chosen again; the released code can, where many are alike.',
    'A row of zeros is unlike all others.',
    'A picture that is packed (LLaVA-NeXT) is one set, its row separators among it; views that stand apart have ' +
      'a budget each.',
  ],
  places: ['see.tokens'],
  options: z.object({ keep: keepOption(0.2222), ids: idsOption('pack') }),
  method: (how) => ({
    see: {
      tokens: (tokens) =>
        keepOfPicture(tokens, { ...how, by: 'divprune' }, (k) => sortAscending(farthest(tokens.states, k))),
    },
  }),
})

/** Max-min dispersion: k indices into x [b, n, d], as they are chosen. */
function farthest(x: Tensor, k: number): Tensor {
  const [batch, n] = [x.shape[0], fixedDim('divprune', x, 1)]
  const D = sub(1, cosines(x))
  const isSelf = equal(reshape(arange(n), [n, 1]), arange(n))
  const isolation = () => min(select(isSelf, 4, D), 2) // distance of the nearest other
  const nearest = (seen: Tensor | undefined, pick: Tensor) => {
    const own = reshape(gatherRows(D, pick), [batch, n])
    return seen ? minimum(seen, own) : own
  }
  return greedy<Tensor>(k, (seen) => seen ?? isolation(), nearest)
}
