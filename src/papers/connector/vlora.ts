import { paper } from '../paper.ts'

/**
 * Visual Perception by Large Language Model's Weights
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.20339
 */
export const vlora = paper({
  id: 'vlora',
  name: 'VLoRA',
  title: "Visual Perception by Large Language Model's Weights",
  arxiv: '2405.20339',
  url: 'https://arxiv.org/abs/2405.20339',
  code: 'https://github.com/FeipengMa6/VLoRA',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['connector', 'training'],
  summary:
    'Feeds an image to the LLM as weights instead of tokens. From the patches, a query transformer computes one ' +
    'of two low-rank factors that change the attention weights and bypass the feed-forward part of every fourth ' +
    'layer; the other factor is learned. The prompt holds text only, so prefill does not grow with the image, at ' +
    'some loss of accuracy.',
  places: ['read.linear', 'training'],
})
