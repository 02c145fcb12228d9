import { paper } from '../paper.ts'

/**
 * VideoLLM-MoD: Efficient Video-Language Streaming with Mixture-of-Depths Vision Computation
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2408.16730
 */
export const videollmMod = paper({
  id: 'videollm-mod',
  name: 'VideoLLM-MoD',
  title: 'VideoLLM-MoD: Efficient Video-Language Streaming with Mixture-of-Depths Vision Computation',
  arxiv: '2408.16730',
  url: 'https://arxiv.org/abs/2408.16730',
  date: '2024-08',
  venue: 'NeurIPS 2024',
  kind: ['compute', 'training', 'application', 'evaluation'],
  summary:
    "Keeps many tokens per video frame and saves depth instead. In chosen layers a linear router ranks a frame's " +
    'vision tokens; a fifth of them is computed, the rest passes through as it is and stays eligible further up, ' +
    'and text is always computed. Training a streaming assistant takes 42 % less time and 30 % less memory at ' +
    'about equal quality.',
  places: ['read.layer', 'training'],
})
