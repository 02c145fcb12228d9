import { paper } from '../paper.ts'

/**
 * LLaVA-MORE: A Comparative Study of LLMs and Visual Backbones for Enhanced Visual Instruction Tuning
 * 2025, ICCV Workshops 2025. https://arxiv.org/abs/2503.15621
 */
export const llavaMore = paper({
  id: 'llava-more',
  name: 'LLaVA-MORE',
  title: 'LLaVA-MORE: A Comparative Study of LLMs and Visual Backbones for Enhanced Visual Instruction Tuning',
  arxiv: '2503.15621',
  url: 'https://arxiv.org/abs/2503.15621',
  code: 'https://github.com/aimagelab/LLaVA-MORE',
  date: '2025-03',
  venue: 'ICCV Workshops 2025',
  kind: ['encoder', 'partition', 'training', 'evaluation'],
  summary:
    'Runs one fixed LLaVA-1.5 recipe over five LLMs and several vision towers, so that a difference comes from ' +
    'the part exchanged. Text-aligned towers beat DINOv2, SigLIP beats CLIP, and the source of alignment data ' +
    'matters for small LLMs only. A multi-scale wrapper, which encodes enlarged sub-images into extra channels, ' +
    'mainly helps reading.',
  places: ['see.views', 'see.layer', 'training', 'evaluation'],
})
