import { paper } from '../paper.ts'

/**
 * LLM4VG: Large Language Models Evaluation for Video Grounding
 * 2023. https://arxiv.org/abs/2312.14206
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
  places: ['talk.answer', 'evaluation'],
})
