import { paper } from '../paper.ts'

/**
 * FastVLM: Efficient Vision Encoding for Vision Language Models
 * 2024, CVPR 2025. https://arxiv.org/abs/2412.13303
 */
export const fastvlm = paper({
  id: 'fastvlm',
  name: 'FastVLM',
  title: 'FastVLM: Efficient Vision Encoding for Vision Language Models',
  arxiv: '2412.13303',
  url: 'https://arxiv.org/abs/2412.13303',
  code: 'https://github.com/apple/ml-fastvlm',
  date: '2024-12',
  venue: 'CVPR 2025',
  kind: ['encoder', 'partition', 'reducer', 'training'],
  summary:
    'High resolution makes the ViT slow and floods the LLM with tokens. FastViTHD, a hybrid encoder, shrinks the ' +
    'image by convolutions until self-attention runs on 32- and 64-fold reduced maps, so a 1024-pixel image ' +
    'becomes 256 tokens with no tiles, pruning or resampler. Resolution is the only knob; the first token appears ' +
    '3.2 times sooner than in LLaVA-1.5.',
  places: ['see.layer', 'training'],
})
