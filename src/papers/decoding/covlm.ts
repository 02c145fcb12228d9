import { paper } from '../paper.ts'

/**
 * CoVLM: Composing Visual Entities and Relationships in Large Language Models Via Communicative Decoding
 * 2023, ICLR 2024. https://arxiv.org/abs/2311.03354
 */
export const covlm = paper({
  id: 'covlm',
  name: 'CoVLM',
  title: 'CoVLM: Composing Visual Entities and Relationships in Large Language Models Via Communicative Decoding',
  arxiv: '2311.03354',
  url: 'https://arxiv.org/abs/2311.03354',
  code: 'https://github.com/UMass-Foundation-Model/CoVLM',
  date: '2023-11',
  venue: 'ICLR 2024',
  kind: ['decoding', 'training', 'application', 'connector'],
  summary:
    'Treating a sentence about an image as a bag of words loses who does what to whom. While writing, the LLM ' +
    'emits tokens that call a detector, for a phrase just written or for the object that must come next; the ' +
    'features of the boxes found are inserted into its input. The next words thus depend on the right regions, ' +
    'which helps on relation and composition tests.',
  places: ['talk.step', 'read.heads', 'training'],
})
