import { paper } from '../paper.ts'

/**
 * LLMC+: Benchmarking Vision-Language Model Compression with a Plug-and-play Toolkit
 * 2025, AAAI 2026. https://arxiv.org/abs/2508.09981
 */
export const llmcPlus = paper({
  id: 'llmc-plus',
  name: 'LLMC+',
  title: 'LLMC+: Benchmarking Vision-Language Model Compression with a Plug-and-play Toolkit',
  arxiv: '2508.09981',
  url: 'https://arxiv.org/abs/2508.09981',
  code: 'https://github.com/ModelTC/LightCompress',
  date: '2025-08',
  venue: 'AAAI 2026',
  kind: ['evaluation'],
  summary:
    'Puts visual token pruning and merging and weight quantization behind one configuration, so that each is ' +
    'measured alone, at the same budget, in dialogue and in combination. What removes spatial redundancy does not ' +
    'remove temporal redundancy; multi-turn and detail tasks suffer losses that averages hide; tokens and bits ' +
    'can be cut together.',
  equation: String.raw`
    \text{score} = \frac{T1V\_T2V}{T1V},\qquad T1V = \#\{\text{right as a first turn}\},\ T1V\_T2V = \#\{\text{of these right as a second turn}\}
    \text{bit-operations} = \frac{\mathrm{FLOPs}(\text{tokens})}{\mathrm{FLOPs}(\text{all tokens})} \cdot \frac{\text{bits}}{16}
    \text{beyond the sum} = (a_{qr} - a) - (a_q - a) - (a_r - a)
  `,
  where:
    'Two questions about an image are asked in both orders, and the tokens are chosen at the first. a is the share of right ' +
    'answers of the dense model, a_q in few bits, a_r with few tokens, a_qr with both.',
  differs: [
    'Tokens are measured against bits at the same number of bit-operations, which the paper does not count.',
    'Bits are those of fovea quantize: 4 in the linear layers of the language model, rounded to the nearest, by AWQ, by GPTQ or by ' +
      'SmoothQuant, whose weights alone count here; activations stay as they are.',
    'One reducer stands for each module: VisionZip behind the vision encoder, DivPrune before the language model, FastV within it; ' +
      'docs/reducers.md has all of them.',
    'Questions are about Fovea World and judged by its rule; the rule of the toolkit, the truth somewhere in the answer, is ' +
      'counted beside it.',
    'Methods over frames are not part of it.',
  ],
  places: ['see.layer', 'see.connector', 'see.tokens', 'read.layer', 'read.linear', 'evaluation'],
  checks: async function* (lab) {
    yield* (await import('./llmc-plus/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./llmc-plus/effect.ts')).effect(lab)
  },
})
