import { paper } from '../paper.ts'

/**
 * InfMLLM: A Unified Framework for Visual-Language Tasks
 * 2023. https://arxiv.org/abs/2311.06791
 */
export const infmllm = paper({
  id: 'infmllm',
  name: 'InfMLLM',
  title: 'InfMLLM: A Unified Framework for Visual-Language Tasks',
  arxiv: '2311.06791',
  url: 'https://arxiv.org/abs/2311.06791',
  code: 'https://github.com/infly-ai/INF-MLLM',
  date: '2023-11',
  kind: ['connector', 'reducer', 'training'],
  summary:
    "Resamplers with learned queries scramble where things are, which hurts grounding. InfMLLM's pool-adapter is " +
    'the simplest reducer that keeps positions: average-pool the patch grid to a smaller grid, then a two-layer ' +
    'MLP. Trained in three stages, one 7B model captions, answers questions and writes boxes as plain numbers, ' +
    'ahead of Qwen-VL on RefCOCO.',
  places: ['see.connector', 'training'],
})
