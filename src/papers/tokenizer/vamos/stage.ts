/** How a language model learns to read a video in words: only what is new is trained, on captions that the World writes. */
import type { Architecture } from '../../../models/family.ts'
import type { Scope } from '../../../nn/index.ts'
import { read } from '../../../pipeline/flow/read.ts'
import { compose } from '../../../pipeline/method/compose.ts'
import { idOf, type Method } from '../../../pipeline/method/method.ts'
import { allText } from '../../../pipeline/method/sequence.ts'
import { embedTokens, encodeWords, wordsOf } from '../../../pipeline/method/words.ts'
import { f32, i64 } from '../../../runtime/index.ts'
import {
  concat,
  crossEntropy,
  greater,
  greaterEqual,
  input,
  maximum,
  mul,
  reshape,
  slice,
  sub,
  type Tensor,
} from '../../../tensor/index.ts'
import { turn } from '../../../training/mini/tokenizer.ts'
import { adamw } from '../../../training/optimizers.ts'
import { ownWeights, type TrainingData, type TrainingStage } from '../../../training/recipe.ts'
import { warmupStableDecay } from '../../../training/schedules.ts'
import type { Batch } from '../../../training/step.ts'
import { Rng } from '../../../world/rng.ts'
import { hardChoice, scoresOf, selected } from './bottleneck.ts'
import { CLOSE, captionOf, OPEN } from './captions.ts'
import { type Clip, clipAt } from './clips.ts'

/** Clips of a step, tokens of a caption at most, and slots behind it. */
const [CLIPS, CAPTION, BEHIND] = [16, 128, 24]
const STEPS = 400

/** A stage that trains the prefix of a method, and its selector where it keeps some tokens of the caption. */
export function readingStage(given: Method, keep?: number): TrainingStage {
  const method = compose({ name: given.name, needs: given.needs, read: { attention: given.read?.attention } })
  const k = keep ?? CAPTION
  return {
    name: 'reading',
    steps: STEPS,
    rate: 3e-3,
    batch: CLIPS,
    schedule: warmupStableDecay(40, 0.5),
    trains: ownWeights,
    optimizer: () => adamw(),
    losses: (p, architecture) => ({ answer: answerLoss(p, architecture, method, { k, selects: keep !== undefined }) }),
    batches: (data) => (step) => {
      const clips = Array.from({ length: CLIPS }, (_, at) =>
        clipAt({ split: 'train', seed: data.seed, index: step * CLIPS + at }),
      )
      return batchOf(clips, method, data, { k, step })
    },
  }
}

/** Tokens of a segment at most. */
const perSegment = (k: number): number => Math.ceil(CAPTION / k)

interface Bottleneck {
  readonly k: number
  /** Otherwise every segment is one token. */
  readonly selects: boolean
}

/** Cross-entropy of the answers alone; what is read of a caption is what its bottleneck lets through. */
function answerLoss(p: Scope, architecture: Architecture, method: Method, bottleneck: Bottleneck): Tensor {
  const { k } = bottleneck
  const embed = (ids: Tensor) => embedTokens(p, architecture, method, maximum(ids, 0))
  const [ahead, behind] = [input('ahead', [CLIPS, 2], 'i64'), input('behind', [CLIPS, BEHIND], 'i64')]
  const words = throughBottleneck(p.at('method', idOf(method), 'selector'), embed, behind, bottleneck)
  const states = concat([embed(ahead), words, embed(behind)], 1)
  const start = allText(states, input('positions', [CLIPS, 2 + k + BEHIND]))
  const none = sub(mul(input('segments', [CLIPS, k], 'i64'), 0), 1)
  const tags = {
    token: concat([ahead, none, behind], 1),
    segment: concat([mul(ahead, 0), input('segments', [CLIPS, k], 'i64'), mul(behind, 0)], 1),
  }
  const { hidden, logits } = read(p, architecture, method, { ...start, tags })
  const targets = input('targets', [CLIPS, BEHIND], 'i64')
  return crossEntropy(logits(slice(hidden, 1, 2 + k)), targets, { weights: input('weights', [CLIPS, BEHIND]) })
}

/** Embeddings of k tokens of every caption, [b, k, d]. */
function throughBottleneck(p: Scope, embed: (ids: Tensor) => Tensor, behind: Tensor, { k, selects }: Bottleneck) {
  const n = perSegment(k)
  const ids = input('caption', [CLIPS, k, n], 'i64')
  if (!selects) return embed(reshape(ids, [CLIPS, k]))
  const isAsked = greater(input('asked', [CLIPS, BEHIND]), 0) // the answer is not known when tokens are chosen
  const flat = reshape(ids, [CLIPS, k * n])
  const z = concat([embed(flat), embed(behind)], 1)
  const g = slice(scoresOf(p, z, concat([greaterEqual(flat, 0), isAsked], 1)), 1, 0, k * n)
  const y = hardChoice(reshape(g, [CLIPS, k, n]), greaterEqual(ids, 0), input('noise', [CLIPS, k, n]))
  return selected(y, embed(ids))
}

/** Rows of a batch: what stands before the caption, the caption in its segments, the question and its answer behind it. */
function batchOf(
  clips: readonly Clip[],
  method: Method,
  data: TrainingData,
  { k, step }: { readonly k: number; readonly step: number },
): Batch {
  const n = perSegment(k)
  const words = wordsOf(method, data.architecture)
  const encode = (text: string) => encodeWords(text, words, data.encode)
  const [open, close] = [OPEN, CLOSE].map((word) => words.ids.get(word)!)
  const rows = clips.map((clip) => {
    const segments = inSegments(encode(captionOf(clip.captions)), k)
    const question = [close, ...encode(clip.question), turn.assistant]
    return { segments, question, answer: [...encode(clip.answer), turn.end] }
  })
  const ints = (width: number, of: (row: Row) => readonly number[]) =>
    i64(
      [CLIPS, width],
      rows.flatMap((row) => filled(of(row), width, -1)),
    )
  const floats = (width: number, of: (row: Row) => readonly number[]) =>
    f32([CLIPS, width], Float32Array.from(rows.flatMap((row) => filled(of(row), width, 0))))
  const rng = Rng.from(data.seed, 'vamos noise', step)
  const noise = Float32Array.from({ length: CLIPS * k * n }, () => gumbel(rng))
  return {
    ahead: i64(
      [CLIPS, 2],
      rows.flatMap(() => [turn.user, open]),
    ),
    caption: i64(
      [CLIPS, k, n],
      rows.flatMap(({ segments }) => gridOf(segments, k, n)),
    ),
    segments: ints(k, ({ segments }) => segments.map(() => 0)),
    behind: ints(BEHIND, ({ question, answer }) => [...question, ...answer]),
    asked: floats(BEHIND, ({ question }) => question.map(() => 1)),
    positions: floats(2 + k + BEHIND, ({ segments }) => positionsOf(segments.length, k)),
    targets: i64(
      [CLIPS, BEHIND],
      rows.flatMap(({ question, answer }) => filled(said(question, answer), BEHIND, 0)),
    ),
    weights: floats(BEHIND, ({ question, answer }) => [...question.slice(1).map(() => 0), ...answer.map(() => 1)]),
    noise: f32([CLIPS, k, n], noise),
  }
}

interface Row {
  readonly segments: readonly (readonly number[])[]
  readonly question: readonly number[]
  readonly answer: readonly number[]
}

/** What each slot is to say: the slot before a token of the answer says it. */
const said = (question: readonly number[], answer: readonly number[]): number[] => [
  ...question.slice(1).map(() => 0),
  ...answer,
]

/** k segments of ceil(L / k) tokens; the last ones may have fewer, or be missing. */
export function inSegments(ids: readonly number[], k: number): number[][] {
  const held = ids.slice(0, CAPTION)
  const n = Math.max(1, Math.ceil(held.length / k))
  return Array.from({ length: Math.ceil(held.length / n) }, (_, at) => held.slice(at * n, (at + 1) * n))
}

const filled = (list: readonly number[], width: number, by: number): number[] => {
  if (list.length > width) throw new Error(`${list.length} tokens do not fit into ${width} slots`)
  return [...list, ...new Array<number>(width - list.length).fill(by)]
}

const gridOf = (segments: readonly (readonly number[])[], k: number, n: number): number[] =>
  Array.from({ length: k }, (_, at) => filled(segments[at] ?? [], n, -1)).flat()

/** Slots of missing segments stand nowhere, and nothing sees them. */
const positionsOf = (segments: number, k: number): number[] => [
  ...Array.from({ length: 2 + k }, (_, at) => Math.min(at, 1 + segments)),
  ...Array.from({ length: BEHIND }, (_, at) => 2 + segments + at),
]

/** G = -log(-log U). */
export const gumbel = (rng: Pick<Rng, 'float'>): number => -Math.log(-Math.log(rng.float(1e-12, 1)))
