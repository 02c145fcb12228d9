/** What drawing several answers is worth, and what it costs. */
import { pairedDifference } from '../../../evaluation/paired.ts'
import type { Answer } from '../../../evaluation/world.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import { imageOf } from '../../../training/mini/data.ts'
import { pointsRow, shareOf, shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better, less } from '../../reports/verdict.ts'
import { clipAt, FRAMES } from '../../tokenizer/vamos/clips.ts'
import { scalingOptions, testTimeScaling } from './scaling.ts'
import { normalised } from './vote.ts'

/** What the model is least sure of. */
const TASKS = ['count', 'relation', 'compare', 'bar']
const MANY = 5

const OWED = {
  'tuning on chains of thought, then reinforcement':
    'rewards and losses are written and tested, drawing answers within training is not built',
}

const drawing = (options: Readonly<Record<string, unknown>>): Method => ({
  name: `survey-video-post-training:${JSON.stringify(options)}`,
  ...testTimeScaling(scalingOptions.parse(options)),
})

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const tasks = lab.quick ? TASKS.slice(0, 1) : TASKS
  const arms = [
    { name: 'the likeliest answer', method: dense },
    { name: 'one drawn answer', method: drawing({ answers: 1 }) },
    { name: 'votes of 3', method: drawing({ answers: 3 }) },
    { name: `votes of ${MANY}`, method: drawing({ answers: MANY }) },
    { name: `the surest of ${MANY}`, method: drawing({ way: 'best', answers: MANY }) },
  ]
  const all = await lab.evaluate(
    arms.map(({ method }) => ({ method })),
    tasks,
  )
  const [, one, , votes, surest] = all
  for (const [at, { name }] of arms.entries()) {
    yield shareOf(lab, `${name}: right answers`, [all[at]])
    const value = costOf(all[at]) / costOf(one)
    yield {
      part: 'effect',
      name: `${name}: FLOPs of the language model, of one drawn answer`,
      value,
      unit: 'x',
      count: all[at].length,
    }
  }
  const [byVotes, bySurest] = [lab.compare(votes, [one]), lab.compare(surest, [one])]
  yield { ...pointsRow(`votes of ${MANY} over one drawn answer`, byVotes), ...better(byVotes, 'one drawn answer') }
  yield {
    ...pointsRow(`the surest of ${MANY} over one drawn answer`, bySurest),
    ...better(bySurest, 'one drawn answer'),
  }
  yield* framesAdded(lab)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}

/** Of the language model: a picture is encoded once, by the arm that is asked first. */
const costOf = (answers: readonly Answer[]): number =>
  answers.reduce((sum, { flops }) => sum + flops.prefill + flops.decode, 0)

interface Said {
  readonly isRight: boolean
  /** Frames of the last round, and answers in all. */
  readonly frames: number
  readonly answers: number
}

/** Clips of four frames, of which one shows what is asked about: one frame at first, against votes over all of them. */
async function* framesAdded(lab: Lab): AsyncGenerator<Row> {
  const sparse = await sayAll(lab, 'sparse to dense', drawing({ way: 'sparse-to-dense', answers: MANY, first: 1 }))
  const whole = await sayAll(lab, 'votes over all frames', drawing({ answers: MANY }))
  for (const [name, said] of [
    ['frames added', sparse],
    ['votes over all frames', whole],
  ] as const)
    yield shareRow(`${name}: right answers`, said.filter(({ isRight }) => isRight).length, said.length)
  const pairs = sparse.map(({ isRight }, cluster) => {
    return { stratum: 'clips', cluster, first: Number(isRight), second: Number(whole[cluster].isRight) }
  })
  yield pointsRow(
    'frames added where answers differ, over votes on all frames',
    pairedDifference(pairs, { seed: lab.seed }),
  )
  const mean = (of: (said: Said) => number) => sparse.reduce((sum, said) => sum + of(said), 0) / sparse.length
  const share = mean(({ frames }) => frames) / FRAMES
  const name = 'frames of the last round, of all'
  yield { part: 'effect', name, value: share, unit: 'x', count: sparse.length, ...less(share, 'the share of frames') }
  yield {
    part: 'effect',
    name: 'answers drawn until all agree',
    value: mean(({ answers }) => answers),
    unit: '',
    count: sparse.length,
  }
}

async function sayAll(lab: Lab, name: string, method: Method): Promise<Said[]> {
  const model = await lab.model()
  const said: Said[] = []
  for (let index = 0; index < lab.n; index++) {
    const { scenes, question, answer } = clipAt({ split: SPLIT, seed: lab.seed, index })
    const one = await lab.remember(`${name} ${index}`, async (): Promise<Said> => {
      const asked = { prompt: question, images: scenes.map(imageOf), method, maxTokens: 8, seed: lab.seed }
      const { text, calls = [], notes = [] } = await model.generate({ ...asked, signal: lab.signal })
      const { frames = FRAMES } = notes.at(-1)!.note as { frames?: number }
      return { isRight: normalised(text) === answer, frames, answers: calls.length }
    })
    said.push(one)
    lab.progress(index + 1, lab.n, name)
  }
  return said
}
