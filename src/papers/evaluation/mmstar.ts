import { paper } from '../paper.ts'

/**
 * Are We on the Right Way for Evaluating Large Vision-Language Models?
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2403.20330
 */
export const mmstar = paper({
  id: 'mmstar',
  name: 'MMStar',
  title: 'Are We on the Right Way for Evaluating Large Vision-Language Models?',
  arxiv: '2403.20330',
  url: 'https://arxiv.org/abs/2403.20330',
  code: 'https://github.com/MMStar-Benchmark/MMStar',
  date: '2024-03',
  venue: 'NeurIPS 2024',
  kind: ['evaluation'],
  summary:
    'Many benchmark questions can be answered without the image, and models often answer them blind better than ' +
    'their own LLM does: leaked samples. Offers 1,500 curated questions that do need the image, and two metrics ' +
    'for any benchmark, multi-modal gain (with against without image) and multi-modal leakage (without image ' +
    'against the bare LLM).',
  places: ['evaluation'],
})
