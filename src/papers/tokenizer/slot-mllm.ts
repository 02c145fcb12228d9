import { paper } from '../paper.ts'

/**
 * Slot-MLLM: Object-Centric Visual Tokenization for Multimodal LLM
 * 2025. https://arxiv.org/abs/2505.17726
 */
export const slotMllm = paper({
  id: 'slot-mllm',
  name: 'Slot-MLLM',
  title: 'Slot-MLLM: Object-Centric Visual Tokenization for Multimodal LLM',
  arxiv: '2505.17726',
  url: 'https://arxiv.org/abs/2505.17726',
  code: 'https://github.com/KU-AGI/Slot-MLLM',
  date: '2025-05',
  kind: ['tokenizer', 'connector', 'training'],
  summary:
    'Discrete image tokens usually mix objects, so local questions and edits suffer. In this Q-Former 32 slots ' +
    'compete for patches, so each tends to own an object; every slot becomes four residual codes, 128 ids per ' +
    'image that the LLM predicts like words. A diffusion decoder turns slots into pixels, which allows generation ' +
    'and local editing.',
  places: ['see.connector', 'read.heads', 'training'],
})
