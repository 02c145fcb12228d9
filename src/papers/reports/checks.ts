/** What every method that chooses tokens owes its users, computed through the whole pipeline. */

import { worldItem } from '../../evaluation/world.ts'
import type { RgbImage } from '../../media/image.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { TASK_IDS } from '../../world/index.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { atBudget, BUDGETS, hasBudget } from './budgets.ts'
import { type Lab, SPLIT } from './lab.ts'
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

/** An invariant: a figure that is zero for every question. */
interface Check {
  readonly name: string
  readonly unit: string
  /** What is wrong where it is not. */
  readonly otherwise: string
  /** `other` is an image of another question. */
  measure(model: Model, question: Question, other: RgbImage): Promise<number>
}

/** Images that the checks look at, of different tasks. */
const IMAGES = 6
/** Results are JSON, which has no infinity. */
const INCOMPARABLE = Number.MAX_VALUE

export async function* checkRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const questions = await Promise.all(Array.from({ length: lab.quick ? 2 : IMAGES }, (_, at) => questionAt(lab, at)))
  const checks = [
    ...(await keepingAll(entry, model, questions[0])),
    ...withinBudgets(entry),
    ...unchanged(entry),
    ...shrinking(entry),
  ]
  for (const [at, { name, unit, otherwise, measure }] of checks.entries()) {
    let worst = 0
    for (const [place, question] of questions.entries()) {
      lab.signal.throwIfAborted()
      worst = Math.max(worst, await measure(model, question, questions[(place + 1) % questions.length].image))
    }
    lab.progress(at + 1, checks.length, name)
    yield { part: 'checks', name, value: worst, unit, count: questions.length, ...zero(worst, otherwise) }
  }
}

/** Of methods that can be told to keep everything, and of those that always do. */
async function keepingAll(entry: Paper, model: Model, { image, prompt }: Question): Promise<Check[]> {
  const method = hasBudget(entry) ? atBudget(entry, 1) : buildMethod(entry, {})
  const { before, last } = (await look(model, method, [image], prompt)).reply.tokens.visual
  if (!hasBudget(entry) && last < before) return []
  const otherwise = 'keeping everything is not bit-identical to the dense model'
  return [sameLogits('change of logits by keeping everything', otherwise, method, dense)]
}

function withinBudgets(entry: Paper): Check[] {
  const asked = (share: number) => ({ share, method: atBudget(entry, share), at: `, ${100 * share} % of tokens` })
  const cases = hasBudget(entry) ? BUDGETS.map(asked) : [{ share: 1, method: buildMethod(entry, {}), at: '' }]
  return cases.flatMap(({ share, method, at }) => {
    const otherwise = `${method.name} lets more tokens through than were asked for`
    const one: Check['measure'] = async (model, { image, prompt }) =>
      beyond((await look(model, method, [image], prompt)).reply, share)
    const two: Check['measure'] = async (model, { image, prompt }, other) => {
      const { reply } = await look(model, method, [image, other], prompt)
      return reply.kept.length === 2 ? beyond(reply, share) : INCOMPARABLE
    }
    return [
      { name: `tokens beyond the budget${at}`, unit: 'tokens', otherwise, measure: one },
      { name: `tokens of two images beyond it${at}`, unit: 'tokens', otherwise, measure: two },
    ]
  })
}

/** What a method must leave as it is. */
function unchanged(entry: Paper): Check[] {
  const method = hasBudget(entry) ? atBudget(entry, BUDGETS[0]) : buildMethod(entry, {})
  return [
    sameLogits('change of logits when asked again', 'the same prompt gives other logits again', method, method),
    sameLogits('change of logits where there is no image', 'it changes prompts without an image', method, dense, true),
  ]
}

/** Attention of a step runs over the rows that each layer's cache holds: fewer tokens must leave fewer of them. */
function shrinking(entry: Paper): Check[] {
  if (!hasBudget(entry)) return []
  const methods = [1, ...BUDGETS].map((share) => atBudget(entry, share))
  return [
    {
      name: 'FLOPs of decoding that a budget adds to the next larger',
      unit: 'FLOP',
      otherwise: 'a smaller budget does not make decoding cheaper: caches hold rows that were dropped',
      measure: async (model, { image, prompt }) => {
        const flops: number[] = []
        for (const method of methods) flops.push(await decodeFlops(model, method, image, prompt))
        return Math.max(...flops.slice(1).map((own, at) => (own < flops[at] ? 0 : Math.max(1, own - flops[at]))))
      },
    },
  ]
}

/** That two methods give the same logits, to the bit. */
function sameLogits(name: string, otherwise: string, first: Method, second: Method, withoutImage = false): Check {
  const measure: Check['measure'] = async (model, { image, prompt }) => {
    const images = withoutImage ? [] : [image]
    return largestDifference(await look(model, first, images, prompt), await look(model, second, images, prompt))
  }
  return { name, unit: '', otherwise, measure }
}

async function questionAt({ seed }: Lab, at: number): Promise<Question> {
  const task = TASK_IDS[at % TASK_IDS.length]
  const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed }, task, at)
  return { image, prompt: turns[0].question }
}

async function look(model: Model, method: Method, images: readonly RgbImage[], prompt: string): Promise<Looked> {
  let logits = new Float32Array(0)
  const onPrefill = (_: readonly number[], last: Float32Array) => {
    logits = last.slice()
  }
  const reply = await model.generate({ prompt, images, method, maxTokens: 1, onPrefill })
  return { reply, logits }
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
