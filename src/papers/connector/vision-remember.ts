import { paper } from '../paper.ts'

/**
 * Vision Remember: Alleviating Visual Forgetting in Efficient MLLM with Vision Feature Resample
 * Second version: Vision Remember: Recovering Visual Information in Efficient LVLM with Vision Feature Resampling.
 * 2025. https://arxiv.org/abs/2506.03928
 */
export const visionRemember = paper({
  id: 'vision-remember',
  name: 'Vision Remember',
  title: 'Vision Remember: Alleviating Visual Forgetting in Efficient MLLM with Vision Feature Resample',
  arxiv: '2506.03928',
  url: 'https://arxiv.org/abs/2506.03928',
  date: '2025-06',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'Compressing visual tokens ahead of the LLM loses small print and charts, and deep layers attend ever less to ' +
    'what is left. At a few decoder layers each visual token, by then mixed with text, cross-attends once more to ' +
    'the uncompressed patches it stands for, taken from several ViT depths. The sequence stays short and OCR ' +
    'gains most.',
  places: ['read.layer', 'training'],
})
