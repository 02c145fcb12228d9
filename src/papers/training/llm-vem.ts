import { paper } from '../paper.ts'

/**
 * Aligned with LLM: a new multi-modal training paradigm for encoding fMRI activity in visual cortex
 * 2024. https://arxiv.org/abs/2401.03851
 */
export const llmVem = paper({
  id: 'llm-vem',
  name: 'LLM-VEM',
  title: 'Aligned with LLM: a new multi-modal training paradigm for encoding fMRI activity in visual cortex',
  arxiv: '2401.03851',
  url: 'https://arxiv.org/abs/2401.03851',
  date: '2024-01',
  kind: ['training', 'application', 'interpretability'],
  summary:
    'Models that predict brain activity from images see pixels only. Here a vision-language model captions every ' +
    'stimulus, and while the encoder learns to predict fMRI voxels its image feature is also drawn to the ' +
    'embedding of that caption. Text is needed in training only; the semantic supervision improves the prediction ' +
    'of visual cortex.',
  places: ['see.layer', 'training'],
})
