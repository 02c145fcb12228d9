import { paper } from '../paper.ts'

/**
 * Implicit Multimodal Alignment: On the Generalization of Frozen LLMs to Multimodal Inputs
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.16700
 */
export const ima = paper({
  id: 'ima',
  name: 'IMA',
  title: 'Implicit Multimodal Alignment: On the Generalization of Frozen LLMs to Multimodal Inputs',
  arxiv: '2405.16700',
  url: 'https://arxiv.org/abs/2405.16700',
  code: 'https://github.com/mshukor/ima-lmms',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['interpretability', 'compute', 'evaluation', 'training'],
  summary:
    'Asks why a frozen text LLM can digest images, video and sound. Their tokens never turn into text tokens, yet ' +
    'activate almost the same weights and come nearer to text within each block. The mean cosine between the ' +
    'modalities predicts task score and, inversely, hallucination; and as visual tokens change slowly, their ' +
    'feed-forward steps or entire blocks may be left out.',
  places: ['read.layer', 'evaluation'],
})
