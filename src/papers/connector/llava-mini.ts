import { paper } from '../paper.ts'

/**
 * LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token
 * 2025, ICLR 2025. https://arxiv.org/abs/2501.03895
 */
export const llavaMini = paper({
  id: 'llava-mini',
  name: 'LLaVA-Mini',
  title: 'LLaVA-Mini: Efficient Image and Video Large Multimodal Models with One Vision Token',
  arxiv: '2501.03895',
  url: 'https://arxiv.org/abs/2501.03895',
  code: 'https://github.com/ictnlp/LLaVA-Mini',
  date: '2025-01',
  venue: 'ICLR 2025',
  kind: ['connector', 'reducer', 'training', 'interpretability'],
  summary:
    'After the first layers of LLaVA the text has absorbed the image, and its tokens hardly matter any more. So ' +
    'four small decoder layers fuse all patches into the text embeddings ahead of the LLM, which then sees one ' +
    'compressed image token instead of 576. FLOPs fall by 77 %, latency to a third, and a video costs one token ' +
    'per frame.',
  places: ['see.connector', 'read.sequence', 'training'],
})
