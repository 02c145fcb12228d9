import { paper } from '../paper.ts'

/**
 * CrossLMM: Decoupling Long Video Sequences from LMMs via Dual Cross-Attention Mechanisms
 * 2025. https://arxiv.org/abs/2505.17020
 */
export const crosslmm = paper({
  id: 'crosslmm',
  name: 'CrossLMM',
  title: 'CrossLMM: Decoupling Long Video Sequences from LMMs via Dual Cross-Attention Mechanisms',
  arxiv: '2505.17020',
  url: 'https://arxiv.org/abs/2505.17020',
  code: 'https://github.com/shilinyan99/CrossLMM',
  date: '2025-05',
  kind: ['connector', 'reducer', 'compute', 'training'],
  summary:
    'Pooling a frame to a handful of tokens makes long video affordable and blurs it. CrossLMM keeps the full ' +
    'patch features outside the sequence: before every few decoder layers, gated cross-attention lets the pooled ' +
    'visual tokens, and separately the text tokens, read them again. One to sixteen tokens per frame then compete ' +
    'with models that spend 196.',
  places: ['see.connector', 'see.tokens', 'read.layer', 'training'],
})
