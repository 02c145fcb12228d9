import { paper } from '../paper.ts'

/**
 * NVLM: Open Frontier-Class Multimodal LLMs
 * 2024. https://arxiv.org/abs/2409.11402
 */
export const nvlm = paper({
  id: 'nvlm',
  name: 'NVLM',
  title: 'NVLM: Open Frontier-Class Multimodal LLMs',
  arxiv: '2409.11402',
  url: 'https://arxiv.org/abs/2409.11402',
  code: 'https://github.com/NVIDIA/Megatron-LM',
  date: '2024-09',
  kind: ['partition', 'connector', 'position', 'training', 'evaluation'],
  summary:
    'Compares three ways to hand image tiles to an LLM: in the sequence, through gated cross-attention, or the ' +
    'thumbnail in sequence and the tiles through cross-attention. Plain-text tags that number the tiles beat no ' +
    'tags, grids and boxes, most of all for reading. Good text data in tuning keeps text skill without freezing ' +
    'the LLM.',
  places: ['see.views', 'read.sequence', 'read.layer', 'training', 'evaluation'],
})
