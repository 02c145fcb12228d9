/** Questions that checks ask, and what is seen of a model while it answers them. */
import { worldItem } from '../../evaluation/world.ts'
import type { RgbImage } from '../../media/image.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { GenerateOptions, Model } from '../../pipeline/model.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { TASK_IDS } from '../../world/index.ts'
import { type Lab, SPLIT } from './lab.ts'
import { type ProgramRun, watchModel } from './watched-model.ts'

export interface Question {
  readonly image: RgbImage
  readonly prompt: string
}

/** An answer with its account, and all runs of the language model that led to it. */
export interface Looked {
  readonly reply: Reply
  readonly runs: readonly ProgramRun[]
}

/** Images that checks look at, of different tasks. */
const IMAGES = 6
/** Tokens of an answer, so that some steps are decoded. */
const TOKENS = 4
/** Sums in another order differ in their last bits: by at most this share of the largest logit. */
const ROUNDING = 1e-4
/** Results are JSON, which has no infinity. */
export const INCOMPARABLE = Number.MAX_VALUE

export const questionsOf = (lab: Lab): Promise<Question[]> =>
  Promise.all(Array.from({ length: lab.quick ? 2 : IMAGES }, (_, at) => questionAt(lab, at)))

async function questionAt({ seed }: Lab, at: number): Promise<Question> {
  const task = TASK_IDS[at % TASK_IDS.length]
  const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed }, task, at)
  return { image, prompt: turns[0].question }
}

/** Asks on with `maxTokens` steps, whatever the model would end with. */
export async function look(model: Model, asked: GenerateOptions): Promise<Looked> {
  const watched = watchModel(model)
  const reply = await watched.model.generate({ maxTokens: TOKENS, ignoreEos: true, ...asked })
  return { reply, runs: watched.runs }
}

/** The same question under a method; without images where `images` is empty. */
export const lookUnder = (
  model: Model,
  method: Method,
  { image, prompt }: Question,
  images: readonly RgbImage[] = [image],
): Promise<Looked> => look(model, { prompt, images, method })

/** The largest difference of logits between two answers, run by run. */
export const logitChange = (first: Looked, second: Looked): number => runChange(first, second, rowChange)

/** The same, 0 where it is no more than sums in another order make. */
export const changeBeyondRounding = (first: Looked, second: Looked): number =>
  runChange(first, second, rowChangeBeyondRounding)

function runChange({ runs: first }: Looked, { runs: second }: Looked, change: typeof rowChange): number {
  if (first.length === 0 || first.length !== second.length) return INCOMPARABLE
  return Math.max(...first.map(({ logits }, at) => change(logits, second[at].logits)))
}

function rowChange(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || !a.every(Number.isFinite)) return INCOMPARABLE
  return a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at])), 0)
}

/** The largest difference of two rows of logits; 0 where it is no more than rounding, in shares of the largest of `b`. */
export function rowChangeBeyondRounding(a: Float32Array, b: Float32Array): number {
  const change = rowChange(a, b)
  const largest = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1)
  return change <= ROUNDING * largest ? 0 : change
}

/** Logits that are no numbers, in all runs; where nothing was run there is nothing to trust. */
export const notFinite = ({ runs }: Looked): number =>
  runs.length === 0 ? INCOMPARABLE : runs.flatMap(({ logits }) => [...logits]).filter((x) => !Number.isFinite(x)).length
