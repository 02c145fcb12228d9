import { paper } from '../paper.ts'

/**
 * Cambrian-1: A Fully Open, Vision-Centric Exploration of Multimodal LLMs
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2406.16860
 */
export const cambrian1 = paper({
  id: 'cambrian-1',
  name: 'Cambrian-1',
  title: 'Cambrian-1: A Fully Open, Vision-Centric Exploration of Multimodal LLMs',
  arxiv: '2406.16860',
  url: 'https://arxiv.org/abs/2406.16860',
  code: 'https://github.com/cambrian-mllm/cambrian',
  date: '2024-06',
  venue: 'NeurIPS 2024',
  kind: ['encoder', 'connector', 'training', 'evaluation'],
  summary:
    'Compares 23 vision encoders as the eyes of an LLM and joins several of them: each cell of a 24 x 24 query ' +
    "grid cross-attends only to its own window in every encoder's map, and the read is repeated inside the LLM. " +
    'However fine the encoders, 576 tokens result. Adds balanced instruction data and CV-Bench, a vision-centric ' +
    'benchmark.',
  places: ['see.layer', 'see.connector', 'read.layer', 'training', 'evaluation'],
})
