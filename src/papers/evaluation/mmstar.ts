import { paper } from '../paper.ts'

/**
 * Are We on the Right Way for Evaluating Large Vision-Language Models?
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2403.20330
 *
 * MG = S_v - S_wv and ML = max(0, S_wv - S_t): scores with the image, without it, and of the language model alone. Measured
 * here on questions with options about Fovea World, half of which text alone answers; the 1,500 questions of the paper
 * are not read yet.
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
  checks: async function* (lab) {
    yield* (await import('./mmstar/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./mmstar/effect.ts')).effect(lab)
  },
})
