/** Whether a model notices how a picture was altered, beside whether it still knows what it shows. */
import { worldItem } from '../../../evaluation/world.ts'
import type { RgbImage } from '../../../media/image.ts'
import type { Model } from '../../../pipeline/model.ts'
import { COLORS } from '../../../world/index.ts'
import { Rng } from '../../../world/rng.ts'
import { gainOf, pointsRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { likeliest, type Scored, scoreTexts } from '../../reports/score-texts.ts'
import { better } from '../../reports/verdict.ts'
import { informedness, meanInformedness } from './informedness.ts'
import { DATA_TYPES } from './transforms.ts'

/** What the content is asked by: nothing that an alteration of position makes another answer to. */
const TASK = 'color'
const REQUEST = 'describe the image.'
/** Pictures per alteration: each is scored against all descriptions. */
const MOST = 12
const OWED = {
  'style types and three more of the 27': 'they need a generator of pictures, text in pictures, snow, or JPEG',
  'training on captions that name the type': 'it needs a dual encoder and its recipe, which are not built',
}

interface Seen {
  readonly type: number
  readonly scores: readonly Scored[]
  readonly isContentRight: boolean
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const images = Math.min(lab.n, lab.quick ? 1 : MOST)
  const seen: Seen[] = []
  for (const [type] of DATA_TYPES.entries())
    for (let index = 0; index < images; index++) {
      seen.push(await lab.remember(`${DATA_TYPES[type].id} ${index}`, () => look(lab, model, type, index)))
      lab.progress(seen.length, DATA_TYPES.length * images, DATA_TYPES[type].id)
    }
  yield* rowsOf(lab, seen)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}

async function look(lab: Lab, model: Model, type: number, index: number): Promise<Seen> {
  lab.signal.throwIfAborted()
  const item = (at: number) => worldItem({ set: 'world', split: SPLIT, seed: lab.seed }, TASK, at)
  const [{ image, turns }, { image: other }] = [await item(index), await item(index + 1)]
  const altered = DATA_TYPES[type].apply(image, Rng.from(lab.seed, 'data-types', type, index), other)
  const scores = await scoreTexts(model, { prompt: REQUEST, images: [altered] }, DATA_TYPES.map(descriptionOf))
  return { type, scores, isContentRight: await knows(model, altered, turns[0]) }
}

const descriptionOf = ({ description }: (typeof DATA_TYPES)[number]): string => `this is a ${description} image.`

async function knows(model: Model, image: RgbImage, qa: { readonly question: string; readonly answer: string }) {
  const scores = await scoreTexts(model, { prompt: qa.question, images: [image] }, COLORS)
  return COLORS[likeliest(scores)] === qa.answer
}

function* rowsOf(lab: Lab, seen: readonly Seen[]): Generator<Row> {
  const labels = seen.map(({ type }) => type)
  const count = seen.length
  for (const by of ['sum', 'mean'] as const) {
    const said = seen.map(({ scores }) => likeliest(scores, by))
    const value = meanInformedness(labels, said, DATA_TYPES.length)
    yield {
      part: 'effect',
      name: `informedness about the data type, by the ${by} of log-probabilities`,
      value,
      unit: '',
      baseline: { name: 'a guess', value: 0, unit: '' },
      count,
    }
  }
  const said = seen.map(({ scores }) => likeliest(scores))
  for (const [k, value] of informedness(labels, said, DATA_TYPES.length).entries())
    yield {
      part: 'effect',
      name: `informedness about ${DATA_TYPES[k].id}`,
      value,
      unit: '',
      count: count / DATA_TYPES.length,
    }
  const [content, types] = [seen.map(({ isContentRight }) => isContentRight), said.map((k, at) => k === labels[at])]
  const gain = gainOf(lab, content, types)
  yield {
    ...pointsRow('the content is told more often than the data type', gain),
    ...better(gain, 'the data type'),
    note: `content among ${COLORS.length} colours, the type among ${DATA_TYPES.length}`,
  }
}
