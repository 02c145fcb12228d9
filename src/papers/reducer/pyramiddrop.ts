import { z } from 'zod'
import { best } from '../../pipeline/method/choose.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { ahead, visualAtStart } from '../../pipeline/method/decoder-signals.ts'
import { keepVisual, lastAttention } from '../../pipeline/method/sequence.ts'
import { evenShares, fallingShares, stageAt } from '../../pipeline/method/stages.ts'
import { countOf, mean, minDim } from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * PyramidDrop: Accelerating Your Large Vision-Language Models via Pyramid Visual Redundancy Reduction
 * 2024, CVPR 2025. https://arxiv.org/abs/2410.17247
 */
export const pyramiddrop = paper({
  id: 'pyramiddrop',
  name: 'PyramidDrop',
  title: 'PyramidDrop: Accelerating Your Large Vision-Language Models via Pyramid Visual Redundancy Reduction',
  role: 'algorithm',
  arxiv: '2410.17247',
  url: 'https://arxiv.org/abs/2410.17247',
  code: 'https://github.com/Cooperx521/PyramidDrop',
  date: '2024-10',
  venue: 'CVPR 2025',
  kind: ['reducer'],
  summary:
    'Early layers need all of the image, deep ones ever less. The language model is cut into stages; at the start of each, ' +
    'the visual tokens that the last token of the prompt attends to least are dropped, so that their number falls like a ' +
    'pyramid. Works without training.',
  equation: String.raw`s_j = \mathrm{mean}_h\, A^{L}_h[\text{last},\, j],\qquad \text{stay before layer } L:\ \mathrm{top}_{\lambda_i V}\, s`,
  where:
    'V are the visual tokens that there were at first. Before layers 8, 16 and 24 of 32 they are cut to 1/2, 1/4 ' +
    'and 1/8 of that: those stay that the last token would attend to most in that very layer. Positions are ' +
    'counted anew from stage to stage.',
  differs: [
    'Stages lie evenly in the depth and their shares (lambda) fall geometrically to `keep`; where a model has ' +
      'so few layers that stages fall on one, the last counts.',
    'Each layer goes on counting behind the rows of its own, in answers and later turns too; positions with ' +
      'several axes stay.',
    'All pictures of a prompt share one budget.',
  ],
  places: ['read.layer', 'read.attention'],
  options: z.object({
    keep: keepOption(0.125).describe('share of the visual tokens that is left in the last stage'),
    stages: z.int().min(1).default(3).describe('how often tokens are dropped'),
    ids: idsOption('pack'),
  }),
  method: ({ keep, stages, ids }) => {
    const [starts, shares] = [evenShares(stages), fallingShares(keep, stages)]
    return {
      read: {
        ...closingUp(ids),
        layer: (seq, next, { layer, architecture }) => {
          const stage = stageAt(layer, architecture.language.layers, starts)
          if (stage === undefined) return next(seq)
          const scores = mean(lastAttention(ahead(seq, next), layer, 'pyramiddrop'), 1)
          const k = minDim(seq.visual.shape[1], countOf(visualAtStart(seq), shares[stage]))
          return next(keepVisual(seq, best(scores, k), 'pyramiddrop', ids))
        },
      },
    }
  },
})
