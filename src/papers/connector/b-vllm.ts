import { paper } from '../paper.ts'

/**
 * B-VLLM: A Vision Large Language Model with Balanced Spatio-Temporal Tokens
 * 2024, ICCV 2025. https://arxiv.org/abs/2412.09919
 */
export const bVllm = paper({
  id: 'b-vllm',
  name: 'B-VLLM',
  title: 'B-VLLM: A Vision Large Language Model with Balanced Spatio-Temporal Tokens',
  arxiv: '2412.09919',
  url: 'https://arxiv.org/abs/2412.09919',
  code: 'https://github.com/zhuqiangLu/B-VLLM',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'A video has one token budget for both its frames and the detail in each. A Q-Former that reads the question ' +
    'picks frames by their CLS tokens, picks that nearly coincide are averaged, a second Q-Former condenses each ' +
    'survivor, and bipartite merging trims the rest to the budget. However long the video, it costs at most 576 ' +
    'tokens.',
  places: ['see.views', 'see.connector', 'see.tokens', 'training'],
})
