import { paper } from '../paper.ts'

/**
 * V2PE: Improving Multimodal Long-Context Capability of Vision-Language Models with Variable Visual Position Encoding
 * 2024, ICCV 2025. https://arxiv.org/abs/2412.09616
 */
export const v2pe = paper({
  id: 'v2pe',
  name: 'V2PE',
  title:
    'V2PE: Improving Multimodal Long-Context Capability of Vision-Language Models with Variable Visual Position Encoding',
  arxiv: '2412.09616',
  url: 'https://arxiv.org/abs/2412.09616',
  code: 'https://github.com/OpenGVLab/V2PE',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['position', 'training'],
  summary:
    'Each image token moves the position index on by one, so images use up the trained context. Here only text ' +
    'moves it by one and visual tokens by a fraction, drawn between 1 and 1/256 during training and chosen at ' +
    'test time so that the last position stays in range. A 2B model then handles up to a million tokens and far ' +
    'longer multimodal documents.',
  places: ['read.positions', 'training'],
})
