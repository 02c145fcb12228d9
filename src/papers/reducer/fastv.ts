import { z } from 'zod'
import { keepVisual, lastAttention } from '../../pipeline/method/sequence.ts'
import { countOf, mean, sortAscending, topK } from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/**
 * An Image is Worth 1/2 Tokens After Layer 2: Plug-and-Play Inference Acceleration for Large Vision-Language Models
 * Chen et al. 2024, ECCV 2024. https://arxiv.org/abs/2403.06764
 *
 * phi_j = mean over heads of A^{K-1}[last, j]; before layer K only the visual tokens with the largest phi stay, in
 * raster order and at their original positions.
 */
export const fastv = paper({
  id: 'fastv',
  name: 'FastV',
  title:
    'An Image is Worth 1/2 Tokens After Layer 2: Plug-and-Play Inference Acceleration for Large Vision-Language Models',
  role: 'algorithm',
  arxiv: '2403.06764',
  url: 'https://arxiv.org/abs/2403.06764',
  code: 'https://github.com/pkunlp-icler/FastV',
  date: '2024-03',
  venue: 'ECCV 2024',
  reported: { 'FLOPs of the prefill': { value: 0.55, unit: 'x', where: 'abstract: 45 % less, LLaVA-1.5-13B' } },
  kind: ['reducer'],
  summary:
    'Deep layers of a language model hardly look at the image. After the first K layers, the visual tokens that the last ' +
    'prompt token attends to least are dropped from the sequence, and all later layers and their caches are shorter. ' +
    'Needs no training.',
  places: ['read.layer'],
  options: z.object({
    layer: z.int().min(1).default(2).describe('K: tokens are dropped before this layer (0-based)'),
    keep: z.number().min(0).max(1).default(0.5).describe('share of the visual tokens that stay'),
  }),
  method: ({ layer, keep }) => ({
    read: {
      layer: {
        [layer]: (seq, next) => {
          const scores = mean(lastAttention(seq, layer - 1, 'fastv'), 1) // [b, v]
          const kept = topK(scores, countOf(seq.visual.shape[1], keep))
          return next(keepVisual(seq, sortAscending(kept), 'fastv'))
        },
      },
    },
  }),
})
