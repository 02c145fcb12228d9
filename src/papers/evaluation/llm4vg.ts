import { paper } from '../paper.ts'

/**
 * LLM4VG: Large Language Models Evaluation for Video Grounding
 * 2023. https://arxiv.org/abs/2312.14206
 *
 * R@1, IoU = m: the share of predictions whose tIoU with the truth is above m, in continuous seconds. A diary of one line per
 * second, by captions or by answers to the query, is read by a language model under three prompts, or by a rule.
 *
 * Decided here: an answer that holds no interval, or says that none can be told, is drawn as two sorted uniforms, from a
 * seed; how many were answered stands beside. Films are of Fovea World; Charades-STA is not read.
 */
export const llm4vg = paper({
  id: 'llm4vg',
  name: 'LLM4VG',
  title: 'LLM4VG: Large Language Models Evaluation for Video Grounding',
  arxiv: '2312.14206',
  url: 'https://arxiv.org/abs/2312.14206',
  date: '2023-12',
  kind: ['evaluation', 'application'],
  summary:
    'Measures whether language models can tell when an event happens in a video, either as video models or as ' +
    'text LLMs that read a second-by-second diary by a captioner. The early video models fall below random ' +
    'intervals on Charades-STA, while GPT-3.5 with a diary that answers the query beats them. Asking first ' +
    'whether a fit exists at all helps most.',
  places: ['evaluation'],
  checks: async function* (lab) {
    yield* (await import('./llm4vg/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./llm4vg/effect.ts')).effect(lab)
  },
})
