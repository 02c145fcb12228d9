import { paper } from '../paper.ts'
import { leaves } from './survey-long-video/leaves.ts'

/**
 * From Seconds to Hours: Reviewing MultiModal Large Language Models on Comprehensive Long Video Understanding
 * 2024. https://arxiv.org/abs/2409.18938
 *
 * Its levels of intervention as a view of what runs here, and its arithmetic: tokens of each way of bringing frames
 * together, cache, FLOPs, and how likely an event of e seconds holds one of F frames of D seconds, `min(1, e F / D)`.
 */
export const surveyLongVideo = paper({
  id: 'survey-long-video',
  name: 'LV-LLMs',
  title: 'From Seconds to Hours: Reviewing MultiModal Large Language Models on Comprehensive Long Video Understanding',
  arxiv: '2409.18938',
  url: 'https://arxiv.org/abs/2409.18938',
  code: 'https://github.com/Vincent-ZHQ/LV-LLMs',
  date: '2024-09',
  kind: ['survey'],
  summary:
    'Reviews about 40 systems on the way from images to short and to long video, where relations between events ' +
    'come in. Sorts them by encoder, by connectors at image, video and long-video level, by token and frame ' +
    'counts and by training data. Scores fall with length, and past 100 frames practical systems spend 1 to 256 ' +
    'tokens per frame.',
  places: [],
  taxonomy: leaves,
  claims: ['checks'],
  checks: async function* (lab) {
    yield* (await import('./survey-long-video/checks.ts')).checks(lab)
  },
})
