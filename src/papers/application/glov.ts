import { paper } from '../paper.ts'

/**
 * GLOV: Guided Large Language Models as Implicit Optimizers for Vision Language Models
 * 2024, TMLR 2025. https://arxiv.org/abs/2410.06154
 */
export const glov = paper({
  id: 'glov',
  name: 'GLOV',
  title: 'GLOV: Guided Large Language Models as Implicit Optimizers for Vision Language Models',
  arxiv: '2410.06154',
  url: 'https://arxiv.org/abs/2410.06154',
  code: 'https://github.com/jmiemirza/GLOV',
  date: '2024-10',
  venue: 'TMLR 2025',
  kind: ['application', 'decoding', 'evaluation'],
  summary:
    'Finds better prompts for a vision-language model without touching its weights. An LLM proposes prompts, a ' +
    'tiny labelled set scores them, and the best and worst so far return in its instruction; meanwhile its hidden ' +
    'state is pushed along the difference between the best and second-best prompt. Raises zero-shot ' +
    'classification and resistance to unsafe requests.',
  places: ['talk.answer', 'evaluation'],
})
