import { paper } from '../paper.ts'

/**
 * Unifying Specialized Visual Encoders for Video Language Models
 * 2025, ICML 2025. https://arxiv.org/abs/2501.01426
 */
export const merv = paper({
  id: 'merv',
  name: 'MERV',
  title: 'Unifying Specialized Visual Encoders for Video Language Models',
  arxiv: '2501.01426',
  url: 'https://arxiv.org/abs/2501.01426',
  code: 'https://github.com/princetonvisualai/merv',
  date: '2025-01',
  venue: 'ICML 2025',
  kind: ['encoder', 'connector', 'training', 'interpretability'],
  summary:
    'No single encoder is best at objects, motion and language together. Four frozen experts read the same video, ' +
    'their features are resized to one grid and projected, and a small cross-attention averages the aligned ' +
    'sequences with weights per video. The LLM sees no more tokens than with one encoder, and the weights name ' +
    'the expert used.',
  places: ['see.layer', 'see.connector', 'training'],
})
