import { paper } from '../paper.ts'

/**
 * GLOV: Guided Large Language Models as Implicit Optimizers for Vision Language Models
 * 2024, TMLR 2025. https://arxiv.org/abs/2410.06154
 *
 * A language model reads the k best and k worst prompts ever tried, with their accuracies, and proposes another; its state at
 * a middle layer is pushed by `alpha (H+ - H-)`, H the mean state of the best prompt and of the best strictly below it.
 *
 * Decided here: the push is constant, as the text has it, where the released code lets it shrink with each token; it is made
 * over a cache. Fitness is the share of right answers to one question of each kind. Where the language model is too small to
 * write prompts, a grammar proposes them, and the rows say so; a model behind an address is not pushed.
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
  places: ['read.layer', 'evaluation'],
  checks: async function* (lab) {
    yield* (await import('./glov/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./glov/effect.ts')).effect(lab)
  },
})
