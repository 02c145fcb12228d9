import { paper } from '../paper.ts'

/**
 * Visual Data-Type Understanding does not emerge from Scaling Vision-Language Models
 * 2023, ICLR 2024. https://arxiv.org/abs/2310.08577
 *
 * A model says the description `argmax_i sum_t log p(token_t)`; its score per type is `I_k = TPR_k - FPR_k`, which one answer for
 * all leaves at 0.
 *
 * Decided here: the 13 types that pixels alone make, on pictures of the World; mixing takes 0.65 of the picture itself;
 * noise is found by bisection, since clipping lowers it; a picture counts as blurred once the variance of its Laplacian fell
 * 1.4 times. Both the sum and the mean of log-probabilities are shown.
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
  places: ['training', 'evaluation'],
  checks: async function* (lab) {
    yield* (await import('./data-types/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./data-types/effect.ts')).effect(lab)
  },
})
