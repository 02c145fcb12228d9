import { paper } from '../paper.ts'

/**
 * LMEye: An Interactive Perception Network for Large Language Models
 * 2023, IEEE TMM 2024. https://arxiv.org/abs/2305.03701
 */
export const lmeye = paper({
  id: 'lmeye',
  name: 'LMEye',
  title: 'LMEye: An Interactive Perception Network for Large Language Models',
  arxiv: '2305.03701',
  url: 'https://arxiv.org/abs/2305.03701',
  code: 'https://github.com/YunxinLi/LingCloud',
  date: '2023-05',
  venue: 'IEEE TMM 2024',
  kind: ['connector', 'agent', 'training'],
  summary:
    'Connectors encode an image once, before the question is known. LMEye shows the frozen LLM a static view and ' +
    'the question, reads its hidden state at a request token, queries the image again with it, and feeds the ' +
    'answer-specific visual vectors into a second pass. Only linear maps and two embeddings are trained.',
  places: ['see.connector', 'read.sequence', 'talk.answer', 'training'],
})
