import { paper } from '../paper.ts'

/**
 * LongVLM: Efficient Long Video Understanding via Large Language Models
 * 2024, ECCV 2024. https://arxiv.org/abs/2404.03384
 */
export const longvlm = paper({
  id: 'longvlm',
  name: 'LongVLM',
  title: 'LongVLM: Efficient Long Video Understanding via Large Language Models',
  arxiv: '2404.03384',
  url: 'https://arxiv.org/abs/2404.03384',
  code: 'https://github.com/ziplab/LongVLM',
  date: '2024-04',
  venue: 'ECCV 2024',
  kind: ['partition', 'reducer', 'connector', 'training'],
  summary:
    'Averaging a long video loses the order of its events. A hundred frames are cut into ten segments, the ' +
    'patches of each are merged in steps to 30 tokens, and five global tokens from the CLS states of late encoder ' +
    'layers go in front. The LLM reads 305 instead of 25,600 tokens, and only one linear layer is trained.',
  places: ['see.views', 'see.tokens', 'see.connector', 'training'],
})
