import { z } from 'zod'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { LogitsSite, TalkSite } from '../../pipeline/method/talk-side.ts'
import { pictureParts, withoutPictures } from '../../pipeline/talk/picture-parts.ts'
import { contrasted, probabilities } from '../../text/contrast.ts'
import type { Tokenizer } from '../../text/tokenizer.ts'
import { paper } from '../paper.ts'

const options = z.object({
  mode: z
    .enum(['contrast', 'calibrate', 'both'])
    .default('contrast')
    .describe('VDD at every step, Post-Hoc Debias of a closed set of answers, or one after the other'),
  image: z
    .enum(['none', 'unk', 'both'])
    .default('both')
    .describe('what is there instead of the pictures: nothing, one unknown token for each, or both averaged'),
  unk: z
    .string()
    .optional()
    .describe('the token that stands for a picture; the first of <unk>, [UNK], <pad> and the end token'),
  alpha: z.number().min(0).default(1).describe('how much of what is said without pictures is taken away'),
  beta: z.number().min(0).max(1).default(0.2).describe('tokens below this share of the most likely one are left out'),
  answers: z.string().default('yes/no').describe('the closed set of answers, with / between them'),
  affine: z.enum(['diagonal', 'identity']).default('diagonal').describe('q = p / c, or the largest of p - c'),
  temperature: z.number().positive().default(0.2).describe('of the distributions of answers; they are sharper below 1'),
  top: z
    .int()
    .min(1)
    .optional()
    .describe('how many tokens count as answers; 10 if not given, 100 where answers are letters'),
  spelling: z
    .enum(['first', 'sum'])
    .default('first')
    .describe('of an answer spelt in several ways: the likeliest, or all'),
})

type Options = z.output<typeof options>

/**
 * Debiasing Large Visual Language Models
 * Third version: Debiasing Multimodal Large Language Models via Penalization of Language Priors.
 * 2024. https://arxiv.org/abs/2403.05262
 */
export const debias = paper({
  id: 'debias',
  name: 'VDD',
  title: 'Debiasing Large Visual Language Models',
  arxiv: '2403.05262',
  url: 'https://arxiv.org/abs/2403.05262',
  code: 'https://github.com/yfzhang114/LLaVA-Align',
  date: '2024-03',
  kind: ['decoding', 'evaluation'],
  summary:
    'Vision-language models answer confidently even without an image, from the habits of their LLM. For closed ' +
    'answer sets the answer distribution of an image-free prompt is divided out; for free text the next-token ' +
    'scores with and without the image are contrasted, among plausible tokens only. Also shows that sampling ' +
    'settings alone move scores more than many claimed gains.',
  equation: String.raw`
    \text{VDD: } s = (1 + \alpha)\, l - \alpha\, l',\qquad \text{among tokens with } p \ge \beta \max p
    \text{Post-Hoc Debias: } q = W p + b,\qquad W = \mathrm{diag}(c)^{-1},\ b = 0 \quad \text{or} \quad W = I,\ b = -c
  `,
  where:
    "l' are the logits without the pictures; p and c the shares of the answers at the first token with and " +
    'without the pictures. The answer is drawn from q, or is its largest.',
  differs: [
    'Sampling options act on s.',
    'c is of the question at hand, not a mean over a data set.',
    'Where no answer is among the likely tokens, the model speaks as it would.',
    'Also greedy answers are changed, which the released code leaves alone.',
  ],
  places: ['talk.branches', 'talk.logits', 'evaluation'],
  options,
  method: (chosen) => ({
    talk: {
      branches: (asked, at) => {
        if (pictureParts(asked.messages).length === 0) return []
        const none = { messages: withoutPictures(asked, at) }
        const unk = () => ({ messages: asked.messages, pictureToken: unknownToken(at, chosen.unk) })
        return { none: () => [none], unk: () => [unk()], both: () => [none, unk()] }[chosen.image]()
      },
      logits: (row, at) => {
        const free = at.branches.map((branch) => branch.row)
        if (free.length === 0) return row
        const s = chosen.mode === 'calibrate' ? row : contrasted(row, meanOf(free), chosen)
        return chosen.mode !== 'contrast' && isAnswer(row, at, chosen) ? calibrated(s, free, at, chosen) : s
      },
    },
  }),
})

/** Mean of raw logits. */
const meanOf = (rows: readonly Float32Array[]): Float32Array =>
  rows[0].map((_, id) => rows.reduce((sum, row) => sum + row[id], 0) / rows.length)

function unknownToken({ tokenizer }: TalkSite, named?: string): number {
  const names = named === undefined ? ['<unk>', '[UNK]', '<pad>', tokenizer.eosToken ?? ''] : [named]
  const found = names.map((name) => tokenizer.tokenToId(name)).find((id) => id !== undefined)
  if (found !== undefined) return found
  throw methodError(
    `debias has no token to put in the place of a picture: the tokenizer knows none of ${names.join(' ')}`,
  )
}

const answersOf = ({ answers }: Options): string[] => answers.split('/').map((answer) => answer.trim().toLowerCase())

const areLetters = (chosen: Options): boolean => answersOf(chosen).every((answer) => answer.length === 1)

/** Whether the answer comes next: at once, or where it is a letter after blanks and brackets. */
function isAnswer(row: Float32Array, { said, tokenizer }: LogitsSite, chosen: Options): boolean {
  if (!areLetters(chosen)) return said.length === 0
  const isFiller = (id: number) => /^[\s()]*$/.test(tokenizer.decode([id]))
  return said.every(isFiller) && !isFiller(row.indexOf(row.reduce((most, value) => Math.max(most, value))))
}

interface Shares {
  /** Of each answer among the likely tokens. */
  readonly shares: readonly number[]
  /** Its likeliest token. */
  readonly tokens: readonly (number | undefined)[]
}

/** How much of the probability each answer has. */
function sharesOf(row: Float32Array, tokenizer: Tokenizer, chosen: Options): Shares {
  const p = probabilities(row, chosen.temperature)
  const count = chosen.top ?? (areLetters(chosen) ? 100 : 10)
  const likely = [...p.keys()].sort((a, b) => p[b] - p[a] || a - b).slice(0, count)
  const spelt = likely.map((id) => ({ id, text: tokenizer.decode([id]).trim().toLowerCase() }))
  const found = answersOf(chosen).map((answer) => spelt.filter(({ text }) => text === answer))
  const shareOf = (ids: { id: number }[]) =>
    (chosen.spelling === 'sum' ? ids : ids.slice(0, 1)).reduce((sum, { id }) => sum + p[id], 0)
  return { shares: found.map(shareOf), tokens: found.map(([first]) => first?.id) }
}

/** The row that says q, and nothing but answers. */
function calibrated(row: Float32Array, free: readonly Float32Array[], at: LogitsSite, chosen: Options): Float32Array {
  const { shares, tokens } = sharesOf(row, at.tokenizer, chosen)
  if (shares.every((share) => share === 0)) return row
  const counts = free.map((each) => sharesOf(each, at.tokenizer, chosen).shares)
  const content = shares.map((_, k) => counts.reduce((sum, each) => sum + each[k], 0))
  const q = debiased(shares, content, { affine: chosen.affine, areLetters: areLetters(chosen) })
  const out = row.map(() => Number.NEGATIVE_INFINITY)
  for (const [k, token] of tokens.entries()) if (token !== undefined) out[token] = Math.log(q[k])
  return out
}

/** Added to every share of c. */
const EPSILON = 1e-4

/**
 * q = W p + b over K answers, normalised; of the identity, whose q may sum to nothing, all of it for the largest, the
 * first of equals. Letters of which one never came up without pictures are left as they are.
 */
export function debiased(
  p: readonly number[],
  c: readonly number[],
  { affine, areLetters, epsilon = EPSILON }: { affine: Options['affine']; areLetters: boolean; epsilon?: number },
): number[] {
  const shares = normalised(p)
  const free = normalised(c).map((share) => share + epsilon)
  if (areLetters && free.some((share) => share <= epsilon)) return shares
  if (affine === 'diagonal') return normalised(shares.map((share, k) => share / free[k]))
  const q = shares.map((share, k) => share - free[k])
  const best = q.indexOf(Math.max(...q))
  return q.map((_, k) => Number(k === best))
}

/** Sums to 1, or is nothing at all. */
function normalised(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => (sum > 0 ? value / sum : 0))
}
