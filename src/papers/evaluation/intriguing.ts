import { paper } from '../paper.ts'

/**
 * Intriguing Properties of Large Language and Vision Models
 * 2024. https://arxiv.org/abs/2410.04751
 */
export const intriguing = paper({
  id: 'intriguing',
  name: 'IP-LLVM',
  title: 'Intriguing Properties of Large Language and Vision Models',
  arxiv: '2410.04751',
  url: 'https://arxiv.org/abs/2410.04751',
  code: 'https://github.com/passing2961/IP-LLVM',
  date: '2024-10',
  kind: ['evaluation', 'interpretability'],
  summary:
    'A set of probes on LLaVA-type models: keep one patch group, shuffle tokens or pixels, occlude, replace the ' +
    'image by one synthesised from its caption, add noise per layer. Token order hardly matters in older models ' +
    "and much in newer ones; the lowest layers matter most, the image before the text; much of the encoder's " +
    'recognition skill is lost on the way.',
  places: ['see.views', 'see.layer', 'see.connector', 'see.tokens', 'read.layer', 'evaluation'],
})
