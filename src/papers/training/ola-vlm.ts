import { paper } from '../paper.ts'

/**
 * OLA-VLM: Elevating Visual Perception in Multimodal LLMs with Auxiliary Embedding Distillation
 * Later titled VisPer-LM.
 * 2024. https://arxiv.org/abs/2412.09585
 */
export const olaVlm = paper({
  id: 'ola-vlm',
  name: 'OLA-VLM',
  title: 'OLA-VLM: Elevating Visual Perception in Multimodal LLMs with Auxiliary Embedding Distillation',
  arxiv: '2412.09585',
  url: 'https://arxiv.org/abs/2412.09585',
  code: 'https://github.com/SHI-Labs/OLA-VLM',
  date: '2024-12',
  kind: ['training', 'interpretability', 'connector'],
  summary:
    "Next-token loss alone shapes the visual content of an LLM's middle layers poorly. During alignment, chosen " +
    'layers must also predict the features of depth, segmentation and generation experts, with a few task tokens ' +
    'after the image to hold them. The experts are not needed afterwards; probes show that better inner vision ' +
    'means better scores.',
  places: ['read.sequence', 'read.layer', 'training'],
})
