import { paper } from '../paper.ts'

/**
 * Enhancing Large Vision Language Models with Self-Training on Image Comprehension
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.19716
 */
export const stic = paper({
  id: 'stic',
  name: 'STIC',
  title: 'Enhancing Large Vision Language Models with Self-Training on Image Comprehension',
  arxiv: '2405.19716',
  url: 'https://arxiv.org/abs/2405.19716',
  code: 'https://github.com/yihedeng9/STIC',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['training', 'decoding'],
  summary:
    'Improves a model without labels or a stronger teacher. It describes unlabelled images once with a careful ' +
    'prompt and once with a bad prompt or a damaged image, learns to prefer the former by regularised DPO, then ' +
    'practises answering with its own descriptions in the prompt. Gains 4 points on average over seven benchmarks ' +
    'with 70 % less tuning data than the method compared.',
  places: ['read.sequence', 'training'],
})
