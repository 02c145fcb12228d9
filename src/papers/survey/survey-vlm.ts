import { paper } from '../paper.ts'
import { leaves } from './survey-vlm/leaves.ts'

/**
 * Exploring the Frontier of Vision-Language Models: A Survey of Current Methodologies and Future Directions
 * Ghosh, Acharya, Saha, Jain, Chadha.
 * 2024. https://arxiv.org/abs/2404.07214
 *
 * Its groups and ways of bringing image and text together, as a view of what runs here: each leaf names entries of the
 * catalogue or families that load, or why there are none. Its table of about 70 systems is not copied.
 */
export const surveyVlm = paper({
  id: 'survey-vlm',
  name: 'VLM survey',
  title: 'Exploring the Frontier of Vision-Language Models: A Survey of Current Methodologies and Future Directions',
  arxiv: '2404.07214',
  url: 'https://arxiv.org/abs/2404.07214',
  date: '2024-04',
  kind: ['survey'],
  summary:
    'Sorts about 70 vision-language models by what goes in and what comes out: joint understanding without ' +
    'writing, several modalities in and text out, several in and several out. Within these it compares how image ' +
    'and text are fused, which blocks stay frozen, and reported scores, and lists open problems from fine-grained ' +
    'evaluation to safety.',
  places: [],
  taxonomy: leaves,
  claims: ['checks'],
  checks: async function* () {
    yield* (await import('./survey-vlm/checks.ts')).checks()
  },
})
