import { paper } from '../paper.ts'

/**
 * NoteLLM-2: Multimodal Large Representation Models for Recommendation
 * 2024, KDD 2025. https://arxiv.org/abs/2405.16789
 */
export const notellm2 = paper({
  id: 'notellm-2',
  name: 'NoteLLM-2',
  title: 'NoteLLM-2: Multimodal Large Representation Models for Recommendation',
  arxiv: '2405.16789',
  url: 'https://arxiv.org/abs/2405.16789',
  code: 'https://github.com/Applied-Machine-Learning-Lab/NoteLLM',
  date: '2024-05',
  venue: 'KDD 2025',
  kind: ['training', 'application', 'connector', 'interpretability'],
  summary:
    'When an LLM with a vision encoder is tuned contrastively into an item embedder, it ignores the image. Two ' +
    'remedies: a prompt that first compresses the image alone into one state and then the text in its presence, ' +
    'both trained; and a gate that mixes the raw image feature into both states after the LLM. Gains most on ' +
    'items with short text.',
  places: ['read.sequence', 'read.heads', 'training'],
})
