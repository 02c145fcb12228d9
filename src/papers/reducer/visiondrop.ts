import { paper } from '../paper.ts'

/**
 * Rethinking Visual Token Reduction in LVLMs under Cross-modal Misalignment
 * 2025, AAAI 2026. https://arxiv.org/abs/2506.22283
 */
export const visiondrop = paper({
  id: 'visiondrop',
  name: 'VisionDrop',
  title: 'Rethinking Visual Token Reduction in LVLMs under Cross-modal Misalignment',
  arxiv: '2506.22283',
  url: 'https://arxiv.org/abs/2506.22283',
  code: 'https://github.com/Ruixxxx/VisionDrop',
  date: '2025-06',
  venue: 'AAAI 2026',
  kind: ['reducer', 'interpretability'],
  summary:
    'Attention from text to image is a poor measure of importance inside an LLM: it favours the end of the image, ' +
    'mixes modalities in depth and knows no 2-D layout. Tokens are scored only by what other visual tokens pay ' +
    'them, in stages across encoder and LLM, and part of the dropped ones is merged into a few context tokens. No ' +
    'training; twice as fast with 64 tokens.',
  places: ['see.layer', 'see.tokens', 'read.layer'],
})
