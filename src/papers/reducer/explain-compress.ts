import { z } from 'zod'
import { best } from '../../pipeline/method/choose.ts'
import { closingUp } from '../../pipeline/method/closed-up.ts'
import { ahead } from '../../pipeline/method/decoder-signals.ts'
import { keepVisual } from '../../pipeline/method/sequence.ts'
import { countOf } from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'
import { instructionAttention } from './explain-compress/instruction-attention.ts'
import { predictor } from './explain-compress/predictor.ts'
import { predictorStage } from './explain-compress/training.ts'

/**
 * Generic Token Compression in Multimodal Large Language Models from an Explainability Perspective
 * Lei, Gu, Ma, Tang, Chen, Xu. The second version is titled Task-Related Token Compression ...
 * 2025, ICLR 2026. https://arxiv.org/abs/2506.01097
 */
export const explainCompress = paper({
  id: 'explain-compress',
  name: 'Explainability-guided compression',
  title: 'Generic Token Compression in Multimodal Large Language Models from an Explainability Perspective',
  role: 'catalogue',
  arxiv: '2506.01097',
  url: 'https://arxiv.org/abs/2506.01097',
  date: '2025-06',
  venue: 'ICLR 2026',
  kind: ['reducer', 'training', 'interpretability'],
  summary:
    'Gradient-weighted attention tells, after the fact, which visual tokens an answer rested on; with that ' +
    'ranking half of them can go before the first LLM layer at almost no loss. As the explanation needs backward ' +
    'passes, a five-layer 1-D convolution learns to predict it from first-layer attention of the instruction to ' +
    'the image. The LLM itself stays untouched.',
  equation: String.raw`
    a_j = \mathrm{mean}_{h,\, i \in \text{question}}\, A^{0}_h[i, j],\qquad \text{stay: } \mathrm{top}_k\, f_\theta(a)
    R = \Big[\textstyle\prod_l \big(I + \mathrm{mean}_h\, \max(A^l_h \odot G^l_h,\, 0)\big)\Big]_{\text{answer}},\qquad L = \mathrm{KL}\big(R^* \,\Vert\, \mathrm{softmax}\, f_\theta(a)\big)
  `,
  where:
    'a is the attention of the first layer from the question to each visual token. f ranks the tokens, and the ' +
    'first layer and all behind it run on the best alone, in raster order. f learns the relevance R of each ' +
    'visual token to the answer: A is attention, G the gradient of the answer with respect to it; R* is the upper ' +
    'half of R, divided by its sum. Only right answers count. `signal=attention` ranks by a itself.',
  differs: [
    'The paper does not say what is differentiated (here log-probabilities), the kernel (3), the activation ' +
      '(ReLU), nor what becomes of positions (`ids`).',
    'Labels are made while training, in one backward pass for the questions of a scene, where the paper has one ' +
      'for each token of an answer.',
    'What the first question chose stays for later turns.',
  ],
  places: ['read.layer', 'read.attention', 'training'],
  options: z.object({
    keep: keepOption(0.5),
    signal: z
      .enum(['predicted', 'attention'])
      .default('predicted')
      .describe('what ranks: the trained network, or the attention that it is given'),
    ids: idsOption('pack'),
  }),
  recipe: () => ({ options: { signal: 'predicted' }, stages: [predictorStage()] }),
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./explain-compress/pointing.ts')).pointing(lab)
  },
  example: { signal: 'attention' },
  method: ({ keep, signal, ids }) => ({
    ...(signal === 'attention' && { needs: { untrained: true as const } }),
    read: {
      ...closingUp(ids, 0),
      layer: {
        0: (seq, next, { p }) => {
          const looked = instructionAttention(ahead(seq, next), 0, 'explain-compress')
          const scores = signal === 'attention' ? looked : predictor(p, looked)
          return next(keepVisual(seq, best(scores, countOf(seq.visual.shape[1], keep)), 'explain-compress', ids))
        },
      },
    },
  }),
})
