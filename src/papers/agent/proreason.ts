import { paper } from '../paper.ts'

/**
 * ProReason: Multi-Modal Proactive Reasoning with Decoupled Eyesight and Wisdom
 * 2024, EMNLP 2025. https://arxiv.org/abs/2410.14138
 */
export const proreason = paper({
  id: 'proreason',
  name: 'ProReason',
  title: 'ProReason: Multi-Modal Proactive Reasoning with Decoupled Eyesight and Wisdom',
  arxiv: '2410.14138',
  url: 'https://arxiv.org/abs/2410.14138',
  code: 'https://github.com/lian-tian-mo-zun/Pro_Reason',
  date: '2024-10',
  venue: 'EMNLP 2025',
  kind: ['agent', 'decoding', 'training'],
  summary:
    'Vision-language models reason worse than plain LLMs and describe images too broadly. Here one expert sees ' +
    'the image and answers narrow questions only; a dispatcher asks, a memory collects, a referee stops, a ' +
    'summarizer answers, all in text. A strong text LLM can take every role but the eyes, and the traces can be ' +
    'distilled into one model.',
  places: ['talk.answer', 'training'],
})
