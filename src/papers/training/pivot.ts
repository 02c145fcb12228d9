import { paper } from '../paper.ts'

/**
 * RL makes MLLMs see better than SFT
 * 2025, ICLR 2026. https://arxiv.org/abs/2510.16333
 */
export const pivot = paper({
  id: 'pivot',
  name: 'PIVOT',
  title: 'RL makes MLLMs see better than SFT',
  arxiv: '2510.16333',
  url: 'https://arxiv.org/abs/2510.16333',
  code: 'https://github.com/junha1125/PIVOT',
  date: '2025-10',
  venue: 'ICLR 2026',
  kind: ['training', 'evaluation', 'interpretability'],
  summary:
    'On the same data, preference optimisation improves vision-heavy tasks more than supervised tuning, because ' +
    'it improves the vision encoder. Hence a recipe: train encoder and LLM together with DPO on 20k preference ' +
    'pairs, keep only the encoder and freeze it in a new model. SigLIP2 gains three points on average for under 1 ' +
    '% of its pretraining cost.',
  places: ['see.layer', 'training', 'evaluation'],
})
