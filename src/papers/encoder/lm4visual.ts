import { paper } from '../paper.ts'

/**
 * Frozen Transformers in Language Models Are Effective Visual Encoder Layers
 * 2023, ICLR 2024. https://arxiv.org/abs/2310.12973
 */
export const lm4visual = paper({
  id: 'lm4visual',
  name: 'LM4VisualEncoding',
  title: 'Frozen Transformers in Language Models Are Effective Visual Encoder Layers',
  arxiv: '2310.12973',
  url: 'https://arxiv.org/abs/2310.12973',
  code: 'https://github.com/ziqipang/LM4VisualEncoding',
  date: '2023-10',
  venue: 'ICLR 2024',
  kind: ['encoder', 'training', 'interpretability'],
  summary:
    'Appends one frozen block of a text LLM, without causal mask or rotary positions, between two trainable ' +
    'linear maps at the end of a vision encoder. Purely visual tasks (images, point clouds, video, forecasting) ' +
    'improve, more than by an MLP of the same size. The block appears to amplify informative tokens, visible in ' +
    'the norms of features, not in attention maps.',
  places: ['see.layer', 'training'],
})
