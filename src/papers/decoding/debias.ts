import { paper } from '../paper.ts'

/**
 * Debiasing Large Visual Language Models
 * Third version: Debiasing Multimodal Large Language Models via Penalization of Language Priors.
 * 2024. https://arxiv.org/abs/2403.05262
 */
export const debias = paper({
  id: 'debias',
  name: 'VDD',
  title: 'Debiasing Large Visual Language Models',
  arxiv: '2403.05262',
  url: 'https://arxiv.org/abs/2403.05262',
  code: 'https://github.com/yfzhang114/LLaVA-Align',
  date: '2024-03',
  kind: ['decoding', 'evaluation'],
  summary:
    'Vision-language models answer confidently even without an image, from the habits of their LLM. For closed ' +
    'answer sets the answer distribution of an image-free prompt is divided out; for free text the next-token ' +
    'scores with and without the image are contrasted, among plausible tokens only. Also shows that sampling ' +
    'settings alone move scores more than many claimed gains.',
  places: ['talk.logits', 'evaluation'],
})
