import { paper } from '../paper.ts'

/**
 * VisionLLM: Large Language Model is also an Open-Ended Decoder for Vision-Centric Tasks
 * 2023, NeurIPS 2023. https://arxiv.org/abs/2305.11175
 */
export const visionllm = paper({
  id: 'visionllm',
  name: 'VisionLLM',
  title: 'VisionLLM: Large Language Model is also an Open-Ended Decoder for Vision-Centric Tasks',
  arxiv: '2305.11175',
  url: 'https://arxiv.org/abs/2305.11175',
  code: 'https://github.com/OpenGVLab/VisionLLM',
  date: '2023-05',
  venue: 'NeurIPS 2023',
  kind: ['tokenizer', 'connector', 'decoding', 'application', 'training'],
  summary:
    'Treats detection, segmentation and grounding as language. An instruction states task, classes and output ' +
    'tuple; queries that read the instruction collect the image into object tokens, and the LLM fills the tuple ' +
    'with class and location tokens, all answers in one parallel pass. Classes and polygon detail change with the ' +
    'wording.',
  places: ['see.connector', 'read.sequence', 'read.heads', 'training'],
})
