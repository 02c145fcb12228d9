import { z } from 'zod'
import { best } from '../../pipeline/method/choose.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { keepVisual, lastAttention } from '../../pipeline/method/sequence.ts'
import { countOf, mean } from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * An Image is Worth 1/2 Tokens After Layer 2: Plug-and-Play Inference Acceleration for Large Vision-Language Models
 * Chen et al. 2024, ECCV 2024. https://arxiv.org/abs/2403.06764
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
  equation: String.raw`\phi_j = \mathrm{mean}_h\, A^{K-1}_h[\text{last},\, j],\qquad \text{stay before layer } K:\ \mathrm{top}_k\, \phi`,
  where:
    'A is the attention of the language model, from the last token of the prompt to visual token j, in the layer ' +
    'before K. What stays does so in raster order and at its original positions.',
  differs: [
    'The defaults are those of the paper (K = 2, half of the tokens); LLMC+ has K = 3 and keep=0.222, 128 of 576.',
    'All pictures of a prompt share one budget; of equal phi the first counts.',
    'The softmax runs over text too, under the mask that the layer has, its window included.',
    'What the first question chose stays for the turns after it.',
  ],
  places: ['read.layer'],
  options: z.object({
    layer: z.int().min(1).default(2).describe('K: tokens are dropped before this layer (0-based)'),
    keep: keepOption(0.5),
    ids: idsOption('keep'),
  }),
  method: ({ layer, keep, ids }) => ({
    read: {
      ...closingUp(ids, layer),
      layer: {
        [layer]: (seq, next) => {
          const scores = mean(lastAttention(seq, layer - 1, 'fastv'), 1) // [b, v]
          return next(keepVisual(seq, best(scores, countOf(seq.visual.shape[1], keep)), 'fastv', ids))
        },
      },
    },
  }),
})
