/** The pointing game (Zhang et al. 2018): whether what an answer rested on most lies on the object that was asked about. */
import { worldItem } from '../../../evaluation/world.ts'
import type { Explanation } from '../../../pipeline/explain/explain.ts'
import type { Model } from '../../../pipeline/model.ts'
import type { QA } from '../../../world/index.ts'
import { gainOf, pointsRow, shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'

/** Tasks about one object, whose box is known. */
const TASKS = ['color', 'shape', 'size', 'bar']

const MAPS = {
  relevance: 'the most relevant patch lies on the object',
  attention: 'the patch that the last layer looks at most lies on the object',
  first: 'the patch that the question looks at most in the first layer lies on the object',
} as const

/** Of one question that was answered rightly: whether each map points at its object, and its share of the patches. */
interface Pointed {
  readonly relevance: boolean
  readonly attention: boolean
  readonly first: boolean
  readonly chance: number
}

export async function* pointing(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const found = await lab.remember('pointing', () => play(lab, model))
  const random = { name: 'a random patch', value: 100 * average(found.map(({ chance }) => chance)), unit: '%' }
  for (const map of ['relevance', 'attention', 'first'] as const) {
    const hits = found.filter((each) => each[map]).length
    if (found.length === 0) yield unmeasured(MAPS[map], 'no question about one object was answered rightly')
    else yield { ...shareRow(MAPS[map], hits, found.length), baseline: random }
  }
  if (found.length > 0) yield gainRow(lab, found)
  yield unmeasured(
    'accuracy under compression',
    'the predictor is not trained for this model; fovea train explain-compress',
  )
}

function gainRow(lab: Lab, found: readonly Pointed[]): Row {
  const marks = (map: 'relevance' | 'first') => found.map((each) => each[map])
  const gain = gainOf(lab, marks('relevance'), marks('first'))
  return {
    ...pointsRow('relevance points at the object more often than attention of the first layer', gain),
    ...better(gain, 'attention of the first layer'),
    note: `of answers that are right, ${TASKS.join(', ')}; a patch lies on an object where its middle lies in the box`,
  }
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / (values.length || 1)

async function play(lab: Lab, model: Model): Promise<Pointed[]> {
  const found: Pointed[] = []
  const tasks = lab.quick ? TASKS.slice(0, 1) : TASKS
  for (const [at, task] of tasks.entries())
    for (let index = 0; index < lab.n; index++) {
      lab.signal.throwIfAborted()
      const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed: lab.seed }, task, index)
      const [{ question, answer, box }] = turns
      const explanation = await model.explain({ prompt: question, images: [image], maxTokens: 8, temperature: 0 })
      if (box && explanation.reply.text.trim() === answer) found.push(pointed(explanation, box))
      lab.progress(at * lab.n + index + 1, tasks.length * lab.n, `pointing at ${task}`)
    }
  return found
}

function pointed({ relevance, layers, asked, patches: [tokens] }: Explanation, box: NonNullable<QA['box']>): Pointed {
  const first = layers[0].attention.slice(0, asked)
  const question = first[0].map((_, token) => average(first.map((row) => row[token])))
  const isOn = onBox(box, Math.sqrt(tokens.length))
  const hits = (map: Float32Array) =>
    isOn(tokens.reduce((best, token, patch) => (map[token] > map[tokens[best]] ? patch : best), 0))
  return {
    relevance: hits(relevance!),
    attention: hits(layers.at(-1)!.attention[asked - 1]),
    first: hits(question),
    chance: average(tokens.map((_, patch) => Number(isOn(patch)))),
  }
}

/** Whether the middle of a patch of a grid lies in a box, in thousandths. */
const onBox =
  ([left, top, right, bottom]: NonNullable<QA['box']>, side: number) =>
  (patch: number): boolean => {
    const [x, y] = [patch % side, Math.floor(patch / side)].map((at) => (1000 * (at + 0.5)) / side)
    return x >= left && x <= right && y >= top && y <= bottom
  }
