import { z } from 'zod'
import { linear } from '../../nn/index.ts'
import { leave, recall } from '../../pipeline/method/memory.ts'
import type { PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { lastSlot, type Read, stateAt } from '../../pipeline/method/sequence.ts'
import { clsState, type VisualTokens, visionLayer } from '../../pipeline/method/visual-tokens.ts'
import {
  abs,
  add,
  arange,
  cast,
  concat,
  dimValue,
  div,
  equal,
  exp,
  expand,
  fixedDim,
  matmul,
  maximum,
  mean,
  mul,
  reshape,
  select,
  sigmoid,
  slice,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { Rng } from '../../world/rng.ts'
import { paper } from '../paper.ts'
import { tauOf } from './notellm-2/loss.ts'
import { noteStage } from './notellm-2/stage.ts'

/** What stands behind the image alone; the state that would say it is read one slot before it. */
const WORD = '<IMG_EMB>'
const FEATURE = 'note.feature'

const options = z.object({
  prompt: z.enum(['two-part', 'basic']).default('two-part').describe('the image compressed by itself first, or not'),
  fusion: z.boolean().default(true).describe('whether the visual feature is gated in behind the language model'),
  feature: z.enum(['cls', 'mean']).default('cls').describe('visual feature: CLS, or the mean of all patches'),
  width: z.int().min(1).default(64).describe('numbers in an embedding'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * NoteLLM-2: Multimodal Large Representation Models for Recommendation
 * Zhang et al. 2024, KDD 2025. https://arxiv.org/abs/2405.16789
 */
export const notellm2 = paper({
  id: 'notellm-2',
  name: 'NoteLLM-2',
  title: 'NoteLLM-2: Multimodal Large Representation Models for Recommendation',
  arxiv: '2405.16789',
  url: 'https://arxiv.org/abs/2405.16789',
  code: 'https://github.com/Applied-Machine-Learning-Lab/NoteLLM',
  date: '2024-05',
  venue: 'KDD 2025',
  kind: ['training', 'application', 'connector', 'interpretability'],
  summary:
    'When an LLM with a vision encoder is tuned contrastively into an item embedder, it ignores the image. Two ' +
    'remedies: a prompt that first compresses the image alone into one state and then the text in its presence, ' +
    'both trained; and a gate that mixes the raw image feature into both states after the LLM. Gains most on ' +
    'items with short text.',
  equation: String.raw`
    n_v = H[\mathrm{pos}(\langle \text{IMG\_EMB} \rangle) - 1],\qquad n_m = H[\text{last}],\qquad v = W_f\, x_{\mathrm{CLS}}
    z = \sigma(W_g\, [n ; v]),\qquad e = W_o \big( z \odot n + (1 - z) \odot v \big)
    L = \frac{9\, L_{\mathrm{c}}(e_m) + L_{\mathrm{c}}(e_v)}{10}
  `,
  where:
    'H are the last states; n is n_m, or n_v of the image alone, and e the embedding that comes of it; L_c is ' +
    'contrastive over the pairs of a batch, its cosines scaled by the exponential of a learned number. The ' +
    'prompt compresses the image into one word, and then the text in its presence.',
  differs: [
    'The embedding is e_m; the head `visual` gives e_v, which training pulls as well. The head `scale` is the ' +
      'temperature that training reached.',
    "The connector stays that of the model: the paper's Q-Former is one where the model has one.",
    "x_CLS is the last layer's, before any norm; of several pictures it is their mean, and 0 without a " + 'picture.',
    'Rows of a batch may be filled up on the right with token -1.',
    'The language model, which the paper trains as a whole, is trained by LoRA, on pairs of notes about the ' +
      'World that their pictures or their texts decide.',
  ],
  places: ['see.patches', 'read.prompt', 'read.linear', 'read.heads', 'training'],
  options,
  recipe: (options) => ({ options, stages: [noteStage({ name: 'notellm-2', ...places(options) })] }),
  method: (options) => places(options),
})

const places = ({ prompt, fusion, feature, width, lora }: Options): PlaceFunctions => ({
  needs: prompt === 'two-part' ? { words: [WORD] } : {},
  ...(fusion && { see: { patches: (tokens) => leave(tokens, FEATURE, featureOf(tokens, feature), 'notellm-2') } }),
  read: {
    prompt: ({ text, pictures }) => ({ text: (prompt === 'basic' ? basic : twoPart)(text, pictures), pictures: '' }),
    heads: {
      scale: (_, { p }) => exp(tauOf(p)),
      embedding: (read, at) => {
        assertOnePrompt(at)
        return project(fused(textState(read), at, fusion), at, width)
      },
      ...(prompt === 'two-part' && {
        visual: (read: Read, at: Site) => project(fused(imageState(read, at), at, fusion), at, width),
      }),
    },
    ...tuned(lora),
  },
})

/** An encoder-decoder has the words of the prompt in another stack than its last state. */
function assertOnePrompt({ architecture: { name, language } }: Site): void {
  if (language.answerStart === undefined) return
  throw methodError(
    `notellm-2 reads states behind words of the prompt, but ${name} says its answers in another stack; use a decoder`,
  )
}

const basic = (text: string, image: string): string => `note: {image: ${image}, ${text}}, compress into one word: "`

const twoPart = (text: string, image: string): string =>
  `note: {image: ${image}}, compress into one word: "${WORD}". note: {${text}}, compress into one word: "`

const featureOf = (tokens: VisualTokens, feature: 'cls' | 'mean'): Tensor =>
  feature === 'cls'
    ? clsState(tokens, -1, 'notellm-2')
    : mean(slice(visionLayer(tokens, -1).hidden, 1, tokens.vision.special), 1, true)

/** n_m: the state of the last token, [b, d]. */
function textState({ hidden, last }: Read): Tensor {
  return stateAt(hidden, lastSlot(last, 'notellm-2'))
}

/** n_v: the state before the special word, which says it, [b, d]. */
function imageState({ hidden, last }: Read, { words }: Site): Tensor {
  return stateAt(hidden, maximum(sub(lastSlot(last, 'notellm-2', words.get(WORD)), 1), 0))
}

/** n~ = z n + (1 - z) v with z = sigmoid(W_g [n ; v]): n, v [b, d], W_g [d, 2 d]. */
export function gated(n: Tensor, v: Tensor, weights: Tensor): Tensor {
  const z = sigmoid(matmul(concat([n, v], -1), transpose(weights)))
  return add(mul(z, n), mul(sub(1, z), v))
}

function fused(n: Tensor, at: Site, fusion: boolean): Tensor {
  if (!fusion) return n
  const rows = recall(at, FEATURE, 'notellm-2') // [1, pictures, d vision]
  const x = div(sum(rows, 1), maximum(cast(dimValue(rows.shape[1]), 'f32'), 1))
  const d = fixedDim('notellm-2', n, -1)
  const v = expand(linear(at.p.at('feature'), x, d, false), n.shape)
  return gated(n, v, at.p.at('gate')('weight', [d, 2 * d], xavier))
}

const project = (n: Tensor, at: Site, width: number): Tensor => linear(at.p.at('out'), n, width, false)

/** Normal values of variance 2 / (fan in + fan out). */
function xavier([out, inner]: readonly number[]): Float32Array {
  const rng = Rng.from(1, 'notellm-2 gate')
  return Float32Array.from({ length: out * inner }, () => rng.normal() * Math.sqrt(2 / (out + inner)))
}

/**
 * I = |sum over heads of A dL/dA|, A [b, h, s, s], without its diagonal, and of it what the last token has from the image
 * (slots `from` to `to`), what from the rest, and the mean of all others: [b, 3] that sum to 1.
 */
export function saliency(attention: Tensor, gradient: Tensor, image: { from: number; to: number }): Tensor {
  const s = fixedDim('notellm-2', attention, -1)
  const batch = attention.shape[0]
  const [p, V] = [s - 1, image.to - image.from]
  const isDiagonal = equal(reshape(arange(s), [s, 1]), reshape(arange(s), [1, s]))
  const I = select(isDiagonal, 0, abs(sum(mul(attention, gradient), 1))) // [b, s, s]
  const row = reshape(slice(I, 1, p, s), [batch, s])
  const ofImage = sum(slice(row, 1, image.from, image.to), 1, true)
  const ofText = sub(sum(row, 1, true), ofImage)
  const rest = sub(reshape(sum(sum(I, 2), 1), [batch, 1]), add(ofImage, ofText))
  const found = concat([div(ofImage, V), div(ofText, p - V), div(rest, (p * (p + 1)) / 2 - p)], 1)
  return div(found, sum(found, 1, true))
}
