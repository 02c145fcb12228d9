import { paper } from '../paper.ts'

/**
 * Generic Token Compression in Multimodal Large Language Models from an Explainability Perspective
 * Lei, Gu, Ma, Tang, Chen, Xu.
 * The second version is titled Task-Related Token Compression ...
 * 2025, ICLR 2026. https://arxiv.org/abs/2506.01097
 */
export const explainCompress = paper({
  id: 'explain-compress',
  name: 'Explainability-guided compression',
  title: 'Generic Token Compression in Multimodal Large Language Models from an Explainability Perspective',
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
  places: ['see.tokens', 'training'],
})
