import { paper } from '../paper.ts'

/**
 * CogVLA: Cognition-Aligned Vision-Language-Action Model via Instruction-Driven Routing & Sparsification
 * 2025, NeurIPS 2025. https://arxiv.org/abs/2508.21046
 */
export const cogvla = paper({
  id: 'cogvla',
  name: 'CogVLA',
  title: 'CogVLA: Cognition-Aligned Vision-Language-Action Model via Instruction-Driven Routing & Sparsification',
  arxiv: '2508.21046',
  url: 'https://arxiv.org/abs/2508.21046',
  code: 'https://github.com/JiuTian-VL/CogVLA',
  date: '2025-08',
  venue: 'NeurIPS 2025',
  kind: ['connector', 'reducer', 'compute', 'application', 'training'],
  summary:
    'Robot policies spend most of their compute on pixels that the instruction does not concern. The instruction ' +
    'modulates both encoders, which collect the image in a quarter of the tokens; deeper LLM layers skip ' +
    'irrelevant ones, and a chunk of actions is decoded at once with bidirectional attention. Runs 2.8 times ' +
    'faster than OpenVLA, with a third of the FLOPs and higher success.',
  places: ['see.layer', 'see.connector', 'read.layer', 'read.heads', 'training'],
})
