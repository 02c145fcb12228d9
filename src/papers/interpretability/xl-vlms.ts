import { paper } from '../paper.ts'
import { steer, steerOptions } from './xl-vlms/steer.ts'

/**
 * Analyzing Fine-tuning Representation Shift for Multimodal LLMs Steering
 * First version: ... for Multimodal LLMs Steering alignment.
 * 2025, ICCV 2025. https://arxiv.org/abs/2501.03012
 *
 * Steering: `h' = h + alpha s` at the output of a layer, `s = mean(B) - mean(A)` of the states that two answers are
 * predicted from, or `s = u_j - u_i` between two concepts. The vector is a weight of the method, by the name `concept`.
 */
export const xlVlms = paper({
  id: 'xl-vlms',
  name: 'XL-VLMs',
  title: 'Analyzing Fine-tuning Representation Shift for Multimodal LLMs Steering',
  arxiv: '2501.03012',
  url: 'https://arxiv.org/abs/2501.03012',
  code: 'https://github.com/mshukor/xl-vlms',
  date: '2025-01',
  venue: 'ICCV 2025',
  kind: ['interpretability', 'decoding'],
  summary:
    'Shows what fine-tuning does to the concepts inside a multimodal LLM. Hidden states of a word are decomposed ' +
    'into concepts grounded in words and images; the mean change of the samples a concept owns is its shift, and ' +
    'adding it to the old concept yields the tuned one. The same arithmetic gives vectors that steer answers or ' +
    'style without training.',
  places: ['read.layer'],
  options: steerOptions,
  method: steer,
  checks: async function* (lab) {
    yield* (await import('./xl-vlms/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./xl-vlms/effect.ts')).effect(lab)
  },
})
