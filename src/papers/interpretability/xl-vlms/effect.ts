/** Concepts of fovea-mini, and vectors that steer its answers. */
import { wilson } from '../../../evaluation/proportion.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { apart, gainOf, pointsRow, shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { conceptRows } from './concept-rows.ts'
import { steerBy } from './equip.ts'
import { type Asked, questionsOf } from './questions.ts'
import { coarseVector, relativeNorm } from './shift.ts'
import { type Predicted, predict } from './states.ts'
import { steerOptions } from './steer.ts'
import { randomLike, type Vector } from './vectors.ts'

/** Answers that are turned into others, one of each type. */
const TURNS = [
  { task: 'color', from: 'red', to: 'blue' },
  { task: 'shape', from: 'circle', to: 'square' },
  { task: 'exist', from: 'yes', to: 'no' },
] as const
type Turn = (typeof TURNS)[number]
/** Asked as well, to see what is left alone. */
const BYSTANDER = 'count'
/** Training questions of each answer that a vector is made of, and of each task that concepts are. */
const SOURCES = 60

interface Steered {
  readonly turn: Turn
  readonly replies: readonly (readonly string[])[]
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const { layers } = model.parts.architecture.language
  const layer = layers + steerOptions.parse({}).layer
  const count = lab.quick ? 12 : SOURCES
  yield* conceptRows(lab, model, layers - 1, count)
  const sets: Asked[][] = []
  for (const { task, from } of TURNS) sets.push(await questionsOf({ split: SPLIT, seed: lab.seed }, task, lab.n, from))
  sets.push(await questionsOf({ split: SPLIT, seed: lab.seed }, BYSTANDER, lab.n))
  const whole = await askAll(lab, model, 'dense', sets, dense)
  for (const turn of TURNS) {
    const [source, target] = await sourcesOf(lab, model, turn, layer, count)
    const name = `${turn.from}-${turn.to}`
    if (source.length === 0 || target.length === 0) {
      yield unmeasured(
        `${turn.from} to ${turn.to}`,
        `the model never says ${source.length ? turn.to : turn.from} where it is right`,
      )
      continue
    }
    const vector = coarseVector(source, target)
    yield lengthRow(turn, vector, [...source, ...target])
    const steered = await askAll(lab, model, name, sets, steerBy(vector, { concept: name }))
    const drawn = randomLike(vector, lab.seed, name)
    const random = await askAll(lab, model, `random-${name}`, sets, steerBy(drawn, { concept: `random-${name}` }))
    yield* turnRows(lab, turn, whole, { turn, replies: steered }, { turn, replies: random })
  }
}

/** States of training questions that the model answers with the one word and with the other. */
async function sourcesOf(lab: Lab, model: Model, { task, from, to }: Turn, layer: number, count: number) {
  const sides: Vector[][] = []
  for (const word of [from, to]) {
    const found = await lab.remember(`states of ${task} ${word}, layer ${layer}, ${count}`, async () => {
      const asked = await questionsOf({ split: 'train', seed: lab.seed }, task, count, word)
      return predict(lab, model, asked, [layer])
    })
    sides.push(statesSaying(found, word, layer))
  }
  return sides
}

const statesSaying = (found: readonly Predicted[], word: string, layer: number): Vector[] =>
  found.filter((each) => each.word === word).map(({ states }) => states[layer])

/** Replies to all sets of questions under a method. */
async function askAll(
  lab: Lab,
  model: Model,
  name: string,
  sets: readonly Asked[][],
  method: Method,
): Promise<string[][]> {
  const total = sets.flat().length
  return lab.remember(`replies ${name}, ${total}`, async () => {
    const replies: string[][] = []
    let done = 0
    for (const set of sets) {
      const own: string[] = []
      for (const { question, image } of set) {
        lab.signal.throwIfAborted()
        own.push((await model.generate({ prompt: question, images: [image], method, maxTokens: 4 })).text.trim())
        lab.progress(++done, total, name)
      }
      replies.push(own)
    }
    return replies
  })
}

function* turnRows(
  lab: Lab,
  turn: Turn,
  whole: readonly string[][],
  steered: Steered,
  random: Steered,
): Generator<Row> {
  const own = TURNS.indexOf(turn)
  const { task, from, to } = turn
  const says = (replies: readonly (readonly string[])[]) => replies[own].map((reply) => reply === to)
  const name = `${from} to ${to}`
  const [before, after, drawn] = [says(whole), says(steered.replies), says(random.replies)]
  const baseline = { name: 'dense', value: (100 * count(before)) / before.length, unit: '%' }
  const said = shareRow(`${name}: ${task} questions about ${from} answered with ${to}`, count(after), after.length)
  yield { ...said, baseline }
  const gain = gainOf(lab, after, before)
  yield { ...pointsRow(`${name}: gain of that answer over the dense model`, gain), ...better(gain, 'the dense model') }
  const above = gainOf(lab, after, drawn)
  yield {
    ...pointsRow(`${name}: gain over a random vector of the same length`, above),
    ...better(above, 'a random vector'),
  }
  const changed = (replies: readonly (readonly string[])[], at: number) =>
    replies[at].filter((reply, index) => reply !== whole[at][index]).length
  const others = whole.map((_, at) => at).filter((at) => at !== own)
  const total = others.reduce((sum, at) => sum + whole[at].length, 0)
  const moved = others.reduce((sum, at) => sum + changed(steered.replies, at), 0)
  yield shareRow(`${name}: answers of other types that change`, moved, total)
  const left = apart(estimate(changed(steered.replies, own), whole[own].length), estimate(moved, total))
  const verdict = better({ ...left, pairs: total }, 'answers of other types')
  yield {
    ...pointsRow(`${name}: answers of its type that change, above those of others`, { ...left, pairs: total }),
    ...verdict,
  }
}

const count = (marks: readonly boolean[]): number => marks.filter(Boolean).length

const estimate = (successes: number, total: number) => {
  const { share: mean, low, high } = wilson(successes, total)
  return { mean, low, high }
}

function lengthRow({ from, to }: Turn, vector: Vector, states: readonly Vector[]): Row {
  const name = `${from} to ${to}: length of the vector, states are 1`
  return { part: 'effect', name, value: relativeNorm(vector, states), unit: '', count: states.length }
}
