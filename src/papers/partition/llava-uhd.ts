import { paper } from '../paper.ts'

/**
 * LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images
 * 2024, ECCV 2024. https://arxiv.org/abs/2403.11703
 */
export const llavaUhd = paper({
  id: 'llava-uhd',
  name: 'LLaVA-UHD',
  title: 'LLaVA-UHD: an LMM Perceiving Any Aspect Ratio and High-Resolution Images',
  arxiv: '2403.11703',
  url: 'https://arxiv.org/abs/2403.11703',
  code: 'https://github.com/thunlp/LLaVA-UHD',
  date: '2024-03',
  venue: 'ECCV 2024',
  kind: ['partition', 'position', 'connector', 'reducer', 'training'],
  summary:
    'Padding and fixed grids distort large or elongated images. The image is cut into slices whose shape and ' +
    'number suit it, each encoded at its own aspect ratio by interpolating the position table and compressed to ' +
    '64 tokens; commas and newlines tell the LLM the layout. Handles six times the pixels of LLaVA-1.5 with ' +
    'slightly less compute.',
  places: ['see.views', 'see.layer', 'see.connector', 'read.sequence', 'training'],
})
