import { z } from 'zod'
import type { Method, PlaceFunctions, ReadSide, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { keepText, type Sequence, textStates } from '../../pipeline/method/sequence.ts'
import type { Step, StepSite } from '../../pipeline/method/talk-side.ts'
import { cast, select, type Tensor, takeAlong } from '../../tensor/index.ts'
import { paper } from '../paper.ts'
import { captionIn, scoresOf, staying } from './vamos/bottleneck.ts'
import { askInWords, CLOSE, OPEN } from './vamos/captions.ts'
import { gatedPrefix } from './vamos/prefix.ts'
import { readingStage } from './vamos/stage.ts'

const options = z.object({
  form: z
    .enum(['adapter', 'bottleneck', 'plain'])
    .default('adapter')
    .describe('a trained prefix and all of the caption; the prefix and a few tokens of it; nothing trained'),
  read: z.enum(['words', 'both']).default('words').describe('what is said of the frames alone, or the frames as well'),
  ask: z
    .string()
    .min(1)
    .default('describe what the image shows of this: {question}')
    .describe('what a frame is described under; {question} stands for the question'),
  frames: z.int().min(1).default(6).describe('most frames that are described'),
  tokens: z.int().min(1).default(48).describe('most tokens of what is said of a frame'),
  budget: z.int().min(1).default(20).describe('tokens of the caption that a bottleneck lets through'),
  prefix: z.int().min(1).default(10).describe('learnt rows that each layer looks at'),
  words: z
    .string()
    .default('')
    .describe('read instead of what would be said of the frames, such as chosen words, edited'),
})

type Options = z.output<typeof options>

/**
 * Vamos: Versatile Action Models for Video Understanding
 * 2023, ECCV 2024. https://arxiv.org/abs/2311.13627
 *
 * Frames are described aside, and the question is asked behind what was said. A bottleneck lets the best token of each of k
 * segments of the caption through; it acts within the program of the language model, before its first layer.
 */
export const vamos = paper({
  id: 'vamos',
  name: 'Vamos',
  title: 'Vamos: Versatile Action Models for Video Understanding',
  arxiv: '2311.13627',
  url: 'https://arxiv.org/abs/2311.13627',
  code: 'https://github.com/brown-palm/Vamos',
  date: '2023-11',
  venue: 'ECCV 2024',
  kind: ['tokenizer', 'connector', 'reducer', 'training', 'interpretability', 'application'],
  summary:
    'Asks what an LLM should read to understand a video: frame vectors, action labels or captions. Captions of a ' +
    'few frames match or beat vectors, and adding vectors to them helps little. A hard token bottleneck then lets ' +
    'one caption token in sixteen through: evidence that a person can read and edit, for some loss of accuracy ' +
    'and a fivefold speed-up.',
  equation: String.raw`
    x = [\text{caption},\ \text{question}]
    y^{(i)} = \text{onehot}\Bigl(\arg\max_j \bigl(g^{(i)}_j + G_j\bigr)\Bigr), \quad z^{(i)}_{\text{sel}} = \sum_j y^{(i)}_j z^{(i)}_j, \quad i = 1 .. k
    o = \text{softmax}\Bigl(\frac{Q K_s^T}{\sqrt{d_h}}\Bigr) V_s + \tanh(g_h)\, \text{softmax}\Bigl(\frac{Q K_p^T}{\sqrt{d_h}}\Bigr) V_p
  `,
  where:
    'The L tokens z of the caption are cut into k segments of ceil(L / k); a selector scores them (g), and of each segment ' +
    'the best is read. G is Gumbel noise, in training alone, where the gradient is that of the soft choice. Every layer looks ' +
    'at learnt rows K_p, V_p as well, through a gate that begins shut.',
  differs: [
    'The model that answers also describes, where the paper has a captioner beside it; the prefix acts on prompts that hold a caption, so descriptions are those of the untouched model.',
    'The selector reads the question beside the caption; the paper does not say whether its own does.',
    'A trailing segment without tokens gives nothing, so that fewer than k may stay; no token is made up for it.',
    'Keys and values of the prefix are learnt themselves rather than one table that goes through the frozen projections, and queries look at them unrotated, so that it works where projections are fused.',
    'What stays closes up towards the question, which is what closing up towards the start is for rotary positions.',
    'Frames are those of the model, through its own connector; a single vector for each is not built.',
  ],
  places: ['read.attention', 'talk.answer', 'training', 'evaluation'],
  options,
  example: { form: 'plain' },
  method: (chosen) => places(chosen),
  recipe: (chosen) => {
    const { form, prefix, budget } = chosen
    if (form === 'plain')
      throw methodError('vamos:form=plain has nothing to train; use form=bottleneck or form=adapter')
    const method = { name: `vamos:form=${form},prefix=${prefix}`, ...places(chosen) }
    return { options: { form, prefix }, stages: [readingStage(method, form === 'bottleneck' ? budget : undefined)] }
  },
  checks: async function* (lab) {
    yield* (await import('./vamos/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./vamos/effect.ts')).effect(lab, plainly)
  },
})

/** A method under options, by hand: the entry itself is built of these. */
const plainly = (chosen: Readonly<Record<string, unknown>>): Method => ({
  name: `vamos:${JSON.stringify(chosen)}`,
  ...places(options.parse(chosen)),
})

const places = ({ form, prefix, budget, ...captions }: Options): PlaceFunctions => ({
  needs: form === 'plain' ? { untrained: true } : { words: [OPEN, CLOSE] },
  ...(form !== 'plain' && {
    read: { attention: gatedPrefix(prefix, OPEN), ...(form === 'bottleneck' && bottleneck(budget)) },
  }),
  talk: {
    answer: (asked, next) => askInWords(asked, next, { ...captions, isMarked: form !== 'plain' }),
    ...(form === 'bottleneck' && { step: noteChosen }),
  },
})

/** Before the first layer, some tokens of the caption; the head `vamos.chosen` says which, -1 in all other slots. */
const bottleneck = (keep: number): ReadSide => ({
  sequence: (seq, at) => {
    const caption = captionOf(seq, at)
    const scores = scoresOf(at.p.at('selector'), textStates(seq), caption.isBehind)
    return keepText(seq, staying(scores, caption, keep), 'vamos', 'vamos')
  },
  heads: {
    [CHOSEN]: ({ last }, at) => cast(select(captionOf(last, at).isCaption, textTokens(last), -1), 'f32'),
  },
})

const CHOSEN = 'vamos.chosen'

const captionOf = (seq: Sequence, { words }: Site) => captionIn(textTokens(seq), words.get(OPEN)!, words.get(CLOSE)!)

function textTokens({ tags, text }: Sequence): Tensor {
  if (tags?.token) return takeAlong(tags.token, text)
  throw methodError('vamos looks for words of the prompt, but this sequence does not say which they are')
}

/** The tokens that were let through, as text. */
function noteChosen({ token, fed, heads, tokenizer }: StepSite): Step | undefined {
  if (token !== undefined || fed) return undefined
  const chosen = Array.from(heads[CHOSEN].data, Number).filter((id) => id >= 0)
  return chosen.length > 0 ? { note: { chosen: chosen.map((id) => tokenizer.decode([id]).trim()) } } : undefined
}
