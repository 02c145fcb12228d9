import { paper } from '../paper.ts'
import { skip, skipOptions } from './ima/skip.ts'

/**
 * Implicit Multimodal Alignment: On the Generalization of Frozen LLMs to Multimodal Inputs
 * 2024, NeurIPS 2024. https://arxiv.org/abs/2405.16700
 *
 * `sim(P, T)^l = mean_ij cos(p_i, t_j)` of the mean states of visual and text tokens behind layer l; the IMA score is its mean
 * over layers. Weights that are activated: the largest `|W_ij| a_j` of each row, `a_j` the norm of input j (Wanda).
 * Skipping: in layers `start < i < end` with `i mod interval = 0`, chosen tokens have x instead of x + f(x).
 *
 * Decided here: text is what follows the pictures, and every visual token counts, of tiles and rows too. Skipped tokens
 * keep their state as it is, where the released code adds their norm. A block that is skipped has no keys of these
 * tokens, at prefill or later. Masks are scored layer by layer on the dense model. The parallel forms are not built.
 */
export const ima = paper({
  id: 'ima',
  name: 'IMA',
  title: 'Implicit Multimodal Alignment: On the Generalization of Frozen LLMs to Multimodal Inputs',
  arxiv: '2405.16700',
  url: 'https://arxiv.org/abs/2405.16700',
  code: 'https://github.com/mshukor/ima-lmms',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['interpretability', 'compute', 'evaluation', 'training'],
  summary:
    'Asks why a frozen text LLM can digest images, video and sound. Their tokens never turn into text tokens, yet ' +
    'activate almost the same weights and come nearer to text within each block. The mean cosine between the ' +
    'modalities predicts task score and, inversely, hallucination; and as visual tokens change slowly, their ' +
    'feed-forward steps or entire blocks may be left out.',
  places: ['read.feedForward', 'evaluation'],
  options: skipOptions,
  method: skip,
  checks: async function* (lab) {
    yield* (await import('./ima/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./ima/effect.ts')).effect(lab)
  },
})
