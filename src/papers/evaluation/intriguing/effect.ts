/** What the order of tokens, single regions, cells of the image and noise do to right answers. */
import { pairedDifference } from '../../../evaluation/paired.ts'
import { scoreAnswer } from '../../../evaluation/score.ts'
import { worldItem } from '../../../evaluation/world.ts'
import type { RgbImage } from '../../../media/image.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import { Rng } from '../../../world/rng.ts'
import { apart, gainOf, pointsRow, shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { shuffleGrid } from './pixel-probes.ts'
import { importance, informationLoss, noisy, onlyGroup, permuted } from './token-probes.ts'

const PRESENCE = 'exist'
const PLACE = 'relation'
const ORDERS = 5
const SIDE = 3
const GRIDS = [2, 4, 8]
const SAMPLES = 3
const OWED = {
  'images redrawn from their captions': 'it needs a generator of pictures',
  'occlusion by salience': 'it needs a small encoder of its own; random and given salience are there as functions',
  'recognition lost on the way, and alignment with language models': 'they need a dual encoder beside the model',
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const ask = (
    task: string,
    name: string,
    method: Method = dense,
    change: (image: RgbImage, index: number) => RgbImage = (image) => image,
  ) => lab.remember(`${task}, ${name}, ${lab.n}`, () => marksOf(lab, model, task, method, change))
  const whole = new Map<string, boolean[]>()
  for (const task of [PRESENCE, PLACE]) {
    const marks = await ask(task, 'dense')
    whole.set(task, marks)
    yield shareRow(`${task}: right answers`, count(marks), marks.length)
  }
  yield* orderRows(lab, whole, ask)
  for (const side of GRIDS) {
    const change = (image: RgbImage, index: number) => shuffleGrid(image, side, Rng.from(lab.seed, 'grid', side, index))
    for (const [task, before] of whole) {
      const marks = await ask(task, `grid ${side}`, dense, change)
      yield pointsRow(`${task}: loss by ${side} x ${side} cells in another order`, gainOf(lab, before, marks))
    }
  }
  yield* groupRows(whole.get(PRESENCE)!, ask)
  yield* noiseRows(lab, model, whole.get(PRESENCE)!, ask)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}

type Ask = (task: string, name: string, method?: Method) => Promise<boolean[]>

async function marksOf(
  lab: Lab,
  model: Model,
  task: string,
  method: Method,
  change: (image: RgbImage, index: number) => RgbImage,
) {
  const marks: boolean[] = []
  for (let index = 0; index < lab.n; index++) {
    lab.signal.throwIfAborted()
    const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed: lab.seed }, task, index)
    const { text } = await model.generate({
      prompt: turns[0].question,
      images: [change(image, index)],
      method,
      maxTokens: 8,
    })
    marks.push(scoreAnswer(turns[0], text).correct)
    lab.progress(marks.length, lab.n, `${task}, ${method.name}`)
  }
  return marks
}

const count = (marks: readonly boolean[]): number => marks.filter(Boolean).length
const share = (marks: readonly boolean[]): number => count(marks) / marks.length

/** The claim: questions of place lose more by another order than questions of presence. */
async function* orderRows(lab: Lab, whole: ReadonlyMap<string, boolean[]>, ask: Ask): AsyncGenerator<Row> {
  const losses = []
  for (const [task, before] of whole) {
    const orders: boolean[][] = []
    for (let seed = 0; seed < (lab.quick ? 1 : ORDERS); seed++)
      orders.push(await ask(task, `order ${seed}`, permuted(seed)))
    const loss = lossOf(lab, before, orders)
    losses.push(loss)
    yield pointsRow(`${task}: loss by tokens in another order`, loss)
  }
  const difference = { ...apart(losses[1], losses[0]), pairs: losses[0].pairs }
  yield {
    ...pointsRow('another order costs questions of place more than questions of presence', difference),
    ...better(difference, 'the loss of presence'),
  }
}

/** Orders of one image are no images of their own: each image counts once, by what its orders keep on average. */
export function lossOf(
  { seed }: Pick<Lab, 'seed'>,
  before: readonly boolean[],
  orders: readonly (readonly boolean[])[],
) {
  const pairs = before.map((mark, cluster) => {
    const kept = orders.filter((marks) => marks[cluster]).length / orders.length
    return { stratum: 'images', cluster, first: Number(mark), second: kept }
  })
  return pairedDifference(pairs, { seed })
}

/** What each region knows by itself. */
async function* groupRows(before: readonly boolean[], ask: Ask): AsyncGenerator<Row> {
  if (count(before) === 0) return yield unmeasured('loss of single regions', 'the model is never right on whole images')
  const scores: number[] = []
  for (let group = 0; group < SIDE * SIDE; group++)
    scores.push(share(await ask(PRESENCE, `group ${group}`, onlyGroup(group, SIDE))))
  const { loss } = informationLoss(share(before), scores)
  for (const [group, value] of loss.entries())
    yield {
      part: 'effect',
      name: `information lost by region ${group} alone`,
      value: 100 * value,
      unit: '%',
      count: before.length,
    }
}

/** Which layer and which modality noise harms most. */
async function* noiseRows(lab: Lab, model: Model, before: readonly boolean[], ask: Ask): AsyncGenerator<Row> {
  if (count(before) === 0) return yield unmeasured('importance of layers', 'the model is never right without noise')
  const { layers } = model.parts.architecture.language
  const shown = lab.quick ? [0] : [...new Set([0, 1, layers >> 1, layers - 1])]
  for (const layer of shown)
    for (const at of ['visual', 'text'] as const) {
      const scores: number[] = []
      for (let seed = 0; seed < (lab.quick ? 1 : SAMPLES); seed++)
        scores.push(
          share(await ask(PRESENCE, `noise ${layer} ${at} ${seed}`, noisy({ layer, at, seed, form: 'literal' }))),
        )
      const value = importance(share(before), scores)
      yield {
        part: 'effect',
        name: `importance of ${at} tokens at layer ${layer}`,
        value,
        unit: '%',
        count: before.length,
      }
    }
}
