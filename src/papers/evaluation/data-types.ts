import { paper } from '../paper.ts'

/**
 * Visual Data-Type Understanding does not emerge from Scaling Vision-Language Models
 * 2023, ICLR 2024. https://arxiv.org/abs/2310.08577
 */
export const dataTypes = paper({
  id: 'data-types',
  name: 'Data-Type Identification',
  title: 'Visual Data-Type Understanding does not emerge from Scaling Vision-Language Models',
  arxiv: '2310.08577',
  url: 'https://arxiv.org/abs/2310.08577',
  code: 'https://github.com/bethgelab/DataTypeIdentification',
  date: '2023-10',
  venue: 'ICLR 2024',
  kind: ['evaluation', 'training', 'interpretability'],
  summary:
    'Tests whether models notice how a picture was made or altered (rotated, noisy, sketched, tattooed) rather ' +
    'than what it shows. On 27 alterations of animal images 39 models name the animal well and the alteration ' +
    'badly, almost regardless of size. Their embeddings ignore it and captions seldom mention it; fine-tuning on ' +
    'data that does helps within its domain.',
  places: ['see.views', 'training', 'evaluation'],
})
