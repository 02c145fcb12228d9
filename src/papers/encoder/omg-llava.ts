import { paper } from '../paper.ts'

/**
 * OMG-LLaVA: Bridging Image-level, Object-level, Pixel-level Reasoning and Understanding
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2406.19389
 */
export const omgLlava = paper({
  id: 'omg-llava',
  name: 'OMG-LLaVA',
  title: 'OMG-LLaVA: Bridging Image-level, Object-level, Pixel-level Reasoning and Understanding',
  arxiv: '2406.19389',
  url: 'https://arxiv.org/abs/2406.19389',
  code: 'https://github.com/lxtGH/OMG-Seg',
  date: '2024-06',
  venue: 'NeurIPS 2024',
  kind: ['encoder', 'connector', 'decoding', 'application', 'training'],
  summary:
    'Chat, region captions and segmentation from a single set of encoder, mask decoder and LLM. A frozen ' +
    'universal segmenter mixes its object queries into the pixel tokens they own; marks by the user become object ' +
    'queries too, and when the LLM writes [SEG], the segmenter draws a mask from its hidden state. Only ' +
    'projectors and LoRA are trained.',
  places: ['see.layer', 'see.connector', 'read.sequence', 'read.heads', 'talk.step', 'training'],
})
