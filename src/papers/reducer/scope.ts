import { z } from 'zod'
import { greedy, keepPatches } from '../../pipeline/method/choose.ts'
import { patchStates, readLayer, saliency } from '../../pipeline/method/encoder-signals.ts'
import { gatherRows } from '../../pipeline/method/rows.ts'
import { cosines } from '../../pipeline/method/similarity.ts'
import { type VisualTokens, visionLayer } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  fixedDim,
  maximum,
  mul,
  pow,
  relu,
  reshape,
  sortAscending,
  sub,
  sum,
  type Tensor,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * SCOPE: Saliency-Coverage Oriented Token Pruning for Efficient Multimodal LLMs
 * 2025, NeurIPS 2025. https://arxiv.org/abs/2510.24214
 */
export const scope = paper({
  id: 'scope',
  name: 'SCOPE',
  title: 'SCOPE: Saliency-Coverage Oriented Token Pruning for Efficient Multimodal LLMs',
  role: 'algorithm',
  arxiv: '2510.24214',
  url: 'https://arxiv.org/abs/2510.24214',
  code: 'https://github.com/kinredon/SCOPE',
  date: '2025-10',
  venue: 'NeurIPS 2025',
  kind: ['reducer'],
  summary:
    'Saliency alone keeps many copies of the main object, coverage alone keeps background. Tokens are taken one at a ' +
    'time by the product of both: how much of the picture a token covers that those taken do not, and how much CLS ' +
    'attends to it. No training, no look at the question.',
  equation: String.raw`
    D_v = \sum_u \max(0,\ S_{uv} - m_u),\qquad m_u = \max_{s \in \text{chosen}} S_{us}
    v^* = \arg\max_v\, D_v\, A_v^{\alpha}
  `,
  where:
    'A is the attention from CLS, summed over heads; S are cosines of encoder features; m is 0 at first. Each ' +
    'token that is taken covers what is like it; all in raster order.',
  differs: [
    'Without CLS, A is the attention that all patches give; there is no released rule.',
    'Each view has a budget of its own, where the released code shares one over the pictures of a batch.',
    'Once nothing is left to cover, all scores are 0 and the first patches fill up.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.2222),
    alpha: z.number().min(0).default(1).describe('power of the saliency; 0: coverage alone'),
    combine: z.enum(['product', 'sum']).default('product').describe('how coverage and saliency are joined'),
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: ({ alpha, combine, layer, ...how }) => ({
    see: {
      patches: (tokens) =>
        keepPatches(tokens, { ...how, by: 'scope' }, (k) => {
          const weight = pow(attentionSum(tokens, layer), alpha)
          const join = combine === 'product' ? mul : add
          return sortAscending(covering(cosines(patchStates(tokens, 'scope')), k, (gain) => join(gain, weight)))
        }),
    },
  }),
})

/** Over heads, [b, n]. */
function attentionSum(tokens: VisualTokens, layer: number | undefined): Tensor {
  const heads = fixedDim('scope', visionLayer(tokens, readLayer(tokens, layer)).attention, 1)
  return mul(saliency(tokens, 'scope', layer), heads)
}

/** k indices into S [b, n, n], as they are chosen. */
function covering(S: Tensor, k: number, score: (gain: Tensor) => Tensor): Tensor {
  const [batch, n] = S.shape
  const gain = (m: Tensor | undefined) => sum(relu(m ? sub(S, m) : S), 1)
  const covered = (m: Tensor | undefined, pick: Tensor) => {
    const own = reshape(gatherRows(S, pick), [batch, n, 1])
    return m ? maximum(m, own) : relu(own)
  }
  return greedy<Tensor>(k, (m) => score(gain(m)), covered)
}
