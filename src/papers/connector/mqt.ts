import { paper } from '../paper.ts'

/**
 * Matryoshka Query Transformer for Large Vision-Language Models
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.19315
 */
export const mqt = paper({
  id: 'mqt',
  name: 'MQT-LLaVA',
  title: 'Matryoshka Query Transformer for Large Vision-Language Models',
  arxiv: '2405.19315',
  url: 'https://arxiv.org/abs/2405.19315',
  code: 'https://github.com/gordonhu608/MQT-LLaVA',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'One model, any number of visual tokens. A one-layer resampler has 256 ordered queries, and each training ' +
    'step uses only the first m of them, m drawn at random, so early queries learn the gist and later ones ' +
    'refine. At inference m is a free knob: 256 tokens match the 576 of LLaVA-1.5, and 16 lose 2.4 points on ' +
    'MMBench.',
  places: ['see.connector', 'training'],
})
