import { paper } from '../paper.ts'

/**
 * Liquid: Language Models are Scalable and Unified Multi-modal Generators
 * 2024, IJCV 2025. https://arxiv.org/abs/2412.04332
 */
export const liquid = paper({
  id: 'liquid',
  name: 'Liquid',
  title: 'Liquid: Language Models are Scalable and Unified Multi-modal Generators',
  arxiv: '2412.04332',
  url: 'https://arxiv.org/abs/2412.04332',
  code: 'https://github.com/FoundationVision/Liquid',
  date: '2024-12',
  venue: 'IJCV 2025',
  kind: ['tokenizer', 'training', 'decoding'],
  summary:
    'Adding 8192 VQGAN codes to the vocabulary of a text LLM and continuing its pretraining makes it read and ' +
    'paint images, with neither vision encoder nor connector. From 0.5B to 32B parameters the harm to text ' +
    'ability shrinks until it vanishes, and understanding and generation help each other because they share one ' +
    'token space.',
  places: ['read.sequence', 'read.heads', 'talk.logits', 'training'],
})
