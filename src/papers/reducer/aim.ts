import { paper } from '../paper.ts'

/**
 * AIM: Adaptive Inference of Multi-Modal LLMs via Token Merging and Pruning
 * 2024, ICCV 2025. https://arxiv.org/abs/2412.03248
 */
export const aim = paper({
  id: 'aim',
  name: 'AIM',
  title: 'AIM: Adaptive Inference of Multi-Modal LLMs via Token Merging and Pruning',
  arxiv: '2412.03248',
  url: 'https://arxiv.org/abs/2412.03248',
  code: 'https://github.com/LaVi-Lab/AIM',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['reducer', 'compute'],
  summary:
    'Video tokens are redundant before the LLM and nearly useless in its last layers. Similar tokens of a frame ' +
    "are merged pairwise ahead of the LLM; inside, a PageRank over each layer's attention drops ever more visual " +
    'tokens until none is left. Two knobs span a 40-fold range of FLOPs without training; a video model keeps its ' +
    'accuracy at about a seventh of the FLOPs.',
  places: ['see.tokens', 'read.layer'],
})
