import { paper } from '../paper.ts'

/**
 * LLaVA-UHD v3: Progressive Visual Compression for Efficient Native-Resolution Encoding in MLLMs
 * 2025. https://arxiv.org/abs/2511.21150
 */
export const llavaUhdV3 = paper({
  id: 'llava-uhd-v3',
  name: 'LLaVA-UHD v3',
  title: 'LLaVA-UHD v3: Progressive Visual Compression for Efficient Native-Resolution Encoding in MLLMs',
  arxiv: '2511.21150',
  url: 'https://arxiv.org/abs/2511.21150',
  code: 'https://github.com/thunlp/LLaVA-UHD',
  date: '2025-11',
  kind: ['encoder', 'reducer', 'position', 'evaluation'],
  summary:
    'Slicing large images leaves a cross-shaped bias; encoding them whole is better but slow. A pretrained ViT is ' +
    'converted to finer patches by least squares, and 2 x 2 windows of tokens are merged at two depths, which ' +
    'leaves a quarter and then a sixteenth for the blocks that follow. The first token comes 2.4 times sooner ' +
    'than with the unconverted encoder.',
  places: ['see.layer', 'read.positions', 'training', 'evaluation'],
})
