import { paper } from '../paper.ts'

/**
 * LLMC+: Benchmarking Vision-Language Model Compression with a Plug-and-play Toolkit
 * 2025, AAAI 2026. https://arxiv.org/abs/2508.09981
 */
export const llmcPlus = paper({
  id: 'llmc-plus',
  name: 'LLMC+',
  title: 'LLMC+: Benchmarking Vision-Language Model Compression with a Plug-and-play Toolkit',
  arxiv: '2508.09981',
  url: 'https://arxiv.org/abs/2508.09981',
  code: 'https://github.com/ModelTC/LightCompress',
  date: '2025-08',
  venue: 'AAAI 2026',
  kind: ['evaluation'],
  summary:
    'Puts visual token pruning and merging and weight quantization behind one configuration, so that each is ' +
    'measured alone, at the same budget, in dialogue and in combination. What removes spatial redundancy does not ' +
    'remove temporal redundancy; multi-turn and detail tasks suffer losses that averages hide; tokens and bits ' +
    'can be cut together.',
  places: ['see.layer', 'see.connector', 'see.tokens', 'read.layer', 'read.linear', 'evaluation'],
})
