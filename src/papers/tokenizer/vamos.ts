import { paper } from '../paper.ts'

/**
 * Vamos: Versatile Action Models for Video Understanding
 * 2023, ECCV 2024. https://arxiv.org/abs/2311.13627
 */
export const vamos = paper({
  id: 'vamos',
  name: 'Vamos',
  title: 'Vamos: Versatile Action Models for Video Understanding',
  arxiv: '2311.13627',
  url: 'https://arxiv.org/abs/2311.13627',
  code: 'https://github.com/brown-palm/Vamos',
  date: '2023-11',
  venue: 'ECCV 2024',
  kind: ['tokenizer', 'connector', 'reducer', 'training', 'interpretability', 'application'],
  summary:
    'Asks what an LLM should read to understand a video: frame vectors, action labels or captions. Captions of a ' +
    'few frames match or beat vectors, and adding vectors to them helps little. A hard token bottleneck then lets ' +
    'one caption token in sixteen through: evidence that a person can read and edit, for some loss of accuracy ' +
    'and a fivefold speed-up.',
  places: ['read.sequence', 'read.layer', 'talk.answer', 'training'],
})
