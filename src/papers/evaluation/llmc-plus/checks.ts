/** The scorer worked by hand, published budgets, and what keeping everything and quantizing alone must agree in. */
import { worldItem } from '../../../evaluation/world.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { countOf } from '../../../tensor/index.ts'
import { GREEDY } from '../../../text/sampling.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { BITS, REDUCERS, reduced } from './arms.ts'
import { meanTokens } from './budgets.ts'
import { withCopy } from './copies.ts'
import { talked } from './dialogues.ts'
import { turnScore } from './multi-turn.ts'

/** First turns right, right, right, wrong; what they asked is right, wrong, right as a second turn. */
const WORKED = [
  [true, false],
  [true, true],
  [true, true],
  [false, true],
] as const

const TASKS = ['color', 'count'] as const

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  const { first, both, score } = turnScore(WORKED.map((turns) => ({ turns })))
  yield { name: 'score of the worked entries: off T1V 3, T1V_T2V 2, 0.6667', value: Math.abs(first - 3) + Math.abs(both - 2) + Math.round(1e4 * Math.abs(score - 0.6667)) } // biome-ignore format: one row
  yield {
    name: 'mean tokens of FastV at layer 3 of 32, 128 of 576 left: off 170',
    value: meanTokens(576, 128, { from: 3, layers: 32 }) - 170,
  }
  const budgets = [2 / 3, 7 / 9, 8 / 9].map((dropped) => Number(countOf(576, 1 - dropped)))
  const off = [192, 128, 64].filter((count, at) => count !== budgets[at]).length
  yield { name: 'published budgets of 576 tokens that the one rule for counts misses', value: off, count: 3 }
  yield* orderRows(lab)
  yield await jointRow(lab)
}

/** What does not read the question leaves the same tokens, whatever is asked first. */
async function* orderRows(lab: Lab): AsyncGenerator<Exact> {
  const images = lab.quick ? 2 : 8
  for (const reducer of REDUCERS.filter(({ isGuided }) => !isGuided)) {
    const entries = await talked(lab, reduced(reducer, 0.25), images)
    const others = entries.filter(({ kept }, at) => kept.join() !== entries[at ^ 1].kept.join())
    yield {
      name: `orders of two questions under which ${reducer.id} keeps other tokens`,
      value: others.length,
      count: entries.length,
    }
  }
}

/** In few bits, keeping everything changes no answer. */
async function jointRow(lab: Lab): Promise<Exact> {
  const questions = lab.quick ? 1 : 4
  const value = await lab.remember(`joint check, ${questions}`, () =>
    withCopy(lab, 'rtn', BITS, async (model) => {
      const alone = await said(lab, model, dense, questions)
      const all = await Promise.all(REDUCERS.map((reducer) => said(lab, model, reduced(reducer, 1), questions)))
      return all.flatMap((texts) => texts.filter((text, at) => text !== alone[at])).length
    }),
  )
  const count = REDUCERS.length * TASKS.length * questions
  return { name: 'answers in 4 bits that a reducer changes which keeps everything', value, count }
}

async function said(lab: Lab, model: Model, method: Method, questions: number): Promise<string[]> {
  const texts: string[] = []
  for (const task of TASKS)
    for (let index = 0; index < questions; index++) {
      lab.signal.throwIfAborted()
      const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed: lab.seed }, task, index)
      texts.push((await model.generate({ prompt: turns[0].question, images: [image], method, ...GREEDY, maxTokens: 32 })).text) // biome-ignore format: one step
    }
  return texts
}
