import { paper } from '../paper.ts'

/**
 * Intriguing Properties of Large Language and Vision Models
 * 2024. https://arxiv.org/abs/2410.04751
 *
 * `PIL_m = (s - s_m) / s` of the tokens of one region alone; loss by tokens, or cells of pixels, in another order; importance
 * `I = (f(x) - max_z f(x + z)) / f(x)` of noise at the input of a layer, on visual or on text tokens.
 *
 * Decided here: noise lies around |x|, as the paper writes its set, or around 0 (`centred`); |eps| stands for eps; regions close
 * up their positions; newlines of tiles are not moved. Losses are per task, as a mean over scales means nothing.
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
  places: ['see.connector', 'read.layer', 'evaluation'],
  checks: async function* (lab) {
    yield* (await import('./intriguing/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./intriguing/effect.ts')).effect(lab)
  },
})
