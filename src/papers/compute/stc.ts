import { paper } from '../paper.ts'

/**
 * Accelerating Streaming Video Large Language Models via Hierarchical Token Compression
 * 2025, CVPR 2026. https://arxiv.org/abs/2512.00891
 */
export const stc = paper({
  id: 'stc',
  name: 'STC',
  title: 'Accelerating Streaming Video Large Language Models via Hierarchical Token Compression',
  arxiv: '2512.00891',
  url: 'https://arxiv.org/abs/2512.00891',
  code: 'https://github.com/lern-to-write/STC',
  date: '2025-12',
  venue: 'CVPR 2026',
  kind: ['compute', 'reducer'],
  summary:
    'In streaming video each frame must be encoded at once, before any question is known. On every second frame ' +
    'STC recomputes only the quarter of ViT tokens that changed most, reusing cached layer updates for the rest, ' +
    "and passes on the tokens that differ most from recent history and from the frame's mean. Saves 24.5 % of " +
    'encoding and 45.3 % of prefill time.',
  places: ['see.layer', 'see.tokens', 'stream'],
})
