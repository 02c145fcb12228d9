/** What every method that chooses tokens owes its users, computed through the whole pipeline. */

import { worldItem } from '../../evaluation/world.ts'
import type { RgbImage } from '../../media/image.ts'
import { dense, type Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { TASK_IDS } from '../../world/index.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { atBudget, BUDGETS, hasBudget } from './budgets.ts'
import type { Lab } from './lab.ts'
import { SPLIT } from './open-lab.ts'
import type { Row } from './row.ts'
import { zero } from './verdict.ts'

interface Question {
  readonly image: RgbImage
  readonly prompt: string
}

/** A prompt that has run: its account, and the logits after its last token. */
interface Looked {
  readonly reply: Reply
  readonly logits: Float32Array
}

/** Images that the checks look at, of different tasks. */
const IMAGES = 6
/** Results are JSON, which has no infinity. */
const INCOMPARABLE = Number.MAX_VALUE

export async function* checkRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const questions = await Promise.all(Array.from({ length: lab.quick ? 2 : IMAGES }, (_, at) => questionAt(lab, at)))
  const budgets = hasBudget(entry) ? BUDGETS : [undefined]
  const cases = budgets.map((share) => ({ share, method: share ? atBudget(entry, share) : buildMethod(entry, {}) }))
  const all = hasBudget(entry) ? atBudget(entry, 1) : cases[0].method
  const row = (name: string, value: number, unit: string, otherwise: string): Row => {
    return { part: 'checks', name, value, unit, count: questions.length, ...zero(value, otherwise) }
  }
  const worst = (measure: (question: Question, at: number) => Promise<number>) => worstOf(lab, questions, measure)

  if (await keepsAll(model, all, questions[0]))
    yield row(
      'logits where everything is kept, against dense',
      await worst(async ({ image, prompt }) =>
        largestDifference(await look(model, all, [image], prompt), await look(model, dense, [image], prompt)),
      ),
      'largest difference',
      'keeping everything is not bit-identical to the dense model',
    )
  for (const { share = 1, method } of cases) {
    yield row(
      `tokens beyond the budget, ${method.name}`,
      await worst(async ({ image, prompt }) => beyond((await look(model, method, [image], prompt)).reply, share)),
      'tokens',
      `${method.name} lets more tokens through than were asked for`,
    )
    yield row(
      `tokens beyond the budget of two images, ${method.name}`,
      await worst(async ({ image, prompt }, at) => {
        const other = questions[(at + 1) % questions.length].image
        const { reply } = await look(model, method, [image, other], prompt)
        return reply.kept.length === 2 ? beyond(reply, share) : INCOMPARABLE
      }),
      'tokens',
      `${method.name} lets more tokens of two images through than were asked for`,
    )
  }
  const { method } = cases[0]
  yield row(
    `logits of the same prompt again, ${method.name}`,
    await worst(async ({ image, prompt }) =>
      largestDifference(await look(model, method, [image], prompt), await look(model, method, [image], prompt)),
    ),
    'largest difference',
    'the same prompt gives other logits the second time',
  )
  yield row(
    `logits of a prompt without images, ${method.name} against dense`,
    await worst(async ({ prompt }) =>
      largestDifference(await look(model, method, [], prompt), await look(model, dense, [], prompt)),
    ),
    'largest difference',
    'the method changes prompts that have no image',
  )
  yield row(
    `FLOPs of decoding beyond those of dense, ${method.name}`,
    await worst(async ({ image, prompt }) =>
      Math.max(0, (await decodeFlops(model, method, image, prompt)) - (await decodeFlops(model, dense, image, prompt))),
    ),
    'FLOP',
    'decoding costs more than without the method: caches hold rows that were dropped',
  )
}

async function questionAt({ seed }: Lab, at: number): Promise<Question> {
  const task = TASK_IDS[at % TASK_IDS.length]
  const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed }, task, at)
  return { image, prompt: turns[0].question }
}

/** The largest of what is measured for each question. */
async function worstOf(
  { signal }: Lab,
  questions: readonly Question[],
  measure: (question: Question, at: number) => Promise<number>,
): Promise<number> {
  let worst = 0
  for (const [at, question] of questions.entries()) {
    signal.throwIfAborted()
    worst = Math.max(worst, await measure(question, at))
  }
  return worst
}

async function look(model: Model, method: Method, images: readonly RgbImage[], prompt: string): Promise<Looked> {
  let logits = new Float32Array(0)
  const onPrefill = (_: readonly number[], last: Float32Array) => {
    logits = last.slice()
  }
  const reply = await model.generate({ prompt, images, method, maxTokens: 1, onPrefill })
  return { reply, logits }
}

async function keepsAll(model: Model, method: Method, { image, prompt }: Question): Promise<boolean> {
  const { reply } = await look(model, method, [image], prompt)
  return reply.tokens.visual.last === reply.tokens.visual.before
}

/** Tokens in the last layer above the share that may stay, or above those that came out of the vision side. */
function beyond({ tokens: { visual } }: Reply, share: number): number {
  const { before, after, last } = visual
  return Math.max(0, last - Math.min(after, Math.round(share * before)))
}

function largestDifference({ logits: a }: Looked, { logits: b }: Looked): number {
  if (a.length !== b.length || !a.every(Number.isFinite)) return INCOMPARABLE
  return a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - b[at])), 0)
}

/** Of steps after a prefill; their attention runs over the rows that each layer's cache holds. */
async function decodeFlops(model: Model, method: Method, image: RgbImage, prompt: string): Promise<number> {
  const reply = await model.generate({ prompt, images: [image], method, maxTokens: 4, ignoreEos: true })
  return reply.flops.decode
}
