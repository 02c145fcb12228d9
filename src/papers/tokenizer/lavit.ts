import { paper } from '../paper.ts'

/**
 * Unified Language-Vision Pretraining in LLM with Dynamic Discrete Visual Tokenization
 * 2023, ICLR 2024. https://arxiv.org/abs/2309.04669
 */
export const lavit = paper({
  id: 'lavit',
  name: 'LaVIT',
  title: 'Unified Language-Vision Pretraining in LLM with Dynamic Discrete Visual Tokenization',
  arxiv: '2309.04669',
  url: 'https://arxiv.org/abs/2309.04669',
  code: 'https://github.com/jy0205/LaVIT',
  date: '2023-09',
  venue: 'ICLR 2024',
  kind: ['tokenizer', 'reducer', 'connector', 'training'],
  summary:
    "Writes an image in discrete ids of an LLM's vocabulary, as many as its content needs: some 90 for 256 " +
    'patches. A selector keeps informative patches, a merger pours the dropped ones into them, a codebook assigns ' +
    'ids; a diffusion decoder paints ids back into pixels. One next-token loss serves understanding and ' +
    'generation.',
  places: ['see.tokens', 'read.heads', 'training'],
})
