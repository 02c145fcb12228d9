import { paper } from '../paper.ts'

/**
 * Analyzing Fine-tuning Representation Shift for Multimodal LLMs Steering
 * First version: ... for Multimodal LLMs Steering alignment.
 * 2025, ICCV 2025. https://arxiv.org/abs/2501.03012
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
})
