import { paper } from '../paper.ts'

/**
 * Unveiling Encoder-Free Vision-Language Models
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2406.11832
 */
export const eve = paper({
  id: 'eve',
  name: 'EVE',
  title: 'Unveiling Encoder-Free Vision-Language Models',
  arxiv: '2406.11832',
  url: 'https://arxiv.org/abs/2406.11832',
  code: 'https://github.com/baaivision/EVE',
  date: '2024-06',
  venue: 'NeurIPS 2024',
  kind: ['encoder', 'tokenizer', 'training'],
  summary:
    'Drops the vision encoder: a thin patch embedding feeds an image of any aspect ratio straight to the LLM, ' +
    'which learns to see. Training stays stable because the LLM is frozen at first and its hidden states are ' +
    'matched to CLIP patches, a teacher that is absent at inference. The vision part needs 42 instead of 372 ' +
    'GFLOPs, and VQA comes close to LLaVA-1.5.',
  places: ['see.layer', 'read.sequence', 'training'],
})
