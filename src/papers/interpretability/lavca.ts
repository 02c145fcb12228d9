import { paper } from '../paper.ts'

/**
 * LaVCa: LLM-assisted Visual Cortex Captioning
 * 2025, ICLR 2026. https://arxiv.org/abs/2502.13606
 */
export const lavca = paper({
  id: 'lavca',
  name: 'LaVCa',
  title: 'LaVCa: LLM-assisted Visual Cortex Captioning',
  arxiv: '2502.13606',
  url: 'https://arxiv.org/abs/2502.13606',
  code: 'https://github.com/suyamat/LaVCa',
  date: '2025-02',
  venue: 'ICLR 2026',
  kind: ['interpretability', 'application', 'agent'],
  summary:
    'Puts into words what a brain voxel responds to. A linear map from CLIP predicts the voxel; the images ' +
    "predicted strongest are captioned, an LLM extracts shared keywords, and those nearest to the voxel's weights " +
    'guide a short sentence. More accurate and more varied than captioning the weights directly, and fit for ' +
    'whatever unit is a linear function of an image embedding.',
  places: ['see.layer', 'talk.answer'],
})
