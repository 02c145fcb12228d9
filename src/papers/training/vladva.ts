import { paper } from '../paper.ts'

/**
 * VladVA: Discriminative Fine-tuning of LVLMs
 * 2024, CVPR 2025. https://arxiv.org/abs/2412.04378
 */
export const vladva = paper({
  id: 'vladva',
  name: 'VladVA',
  title: 'VladVA: Discriminative Fine-tuning of LVLMs',
  arxiv: '2412.04378',
  url: 'https://arxiv.org/abs/2412.04378',
  date: '2024-12',
  venue: 'CVPR 2025',
  kind: ['training', 'application', 'interpretability'],
  summary:
    'Makes a generative model serve as an embedder for retrieval without losing its grasp of language. With soft ' +
    'prompts and LoRA, the last prompt token becomes the embedding: short captions train it contrastively, long ' +
    'ones must be generated from it, which forces detail in. Beats far larger dual encoders on image retrieval ' +
    'and on tests of compositional wording.',
  places: ['read.sequence', 'read.linear', 'read.heads', 'training'],
})
