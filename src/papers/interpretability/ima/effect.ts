/** Where visual and textual tokens live in a model, which weights they share, and what skipping costs. */
import { pairedDifference } from '../../../evaluation/paired.ts'
import { worldItem } from '../../../evaluation/world.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Model } from '../../../pipeline/model.ts'
import { TASK_IDS } from '../../../world/index.ts'
import type { Question } from '../../reports/asking.ts'
import { pointsRow, shareOf, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import type { Vector } from '../xl-vlms/vectors.ts'
import { masksOf, type States, statesOf } from './measure.ts'
import { linearLayers, MODALITIES, type Modality } from './probe.ts'
import { average, imaScore, innerSimilarity, setSimilarity } from './similarity.ts'
import { skip, skipOptions } from './skip.ts'
import { chanceIou, density, maskIou, sharedMask } from './wanda.ts'

/** Examples for statistics, as in the paper. */
const EXAMPLES = 200
/** Examples that weights are scored on; and how many linear layers are looked at, spread over the depth. */
const CALIBRATION = 32
const LINEAR_LAYERS = 14
const SPARSITY = 0.5
const OWED = {
  'score and accuracy over checkpoints of one training':
    'the alignment of a connector in training needs its checkpoints, which are not kept',
  'accuracy under the shared subnetwork': 'masks are compared and not yet put in the place of weights',
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const questions = await examples(lab, lab.quick ? 2 * TASK_IDS.length : EXAMPLES)
  yield* alignmentRows(lab, await statesOf(lab, model, questions))
  yield* maskRows(lab, model, questions.slice(0, lab.quick ? 4 : CALIBRATION))
  yield* skipRows(lab, model)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}

const examples = (lab: Lab, count: number): Promise<Question[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const task = TASK_IDS[index % TASK_IDS.length]
      const { image, turns } = await worldItem({ set: 'world', split: SPLIT, seed: lab.seed }, task, index)
      return { image, prompt: turns[0].question }
    }),
  )

const row = (name: string, value: number, unit: string, count: number): Row => ({
  part: 'effect',
  name,
  value,
  unit,
  count,
})

function* alignmentRows(lab: Lab, states: States): Generator<Row> {
  const count = states.visual[0].length
  for (const [l, visual] of states.visual.entries()) {
    const text = states.text[l]
    yield row(`similarity of visual and text tokens, layer ${l}`, setSimilarity(visual, text), 'cosine', count)
    yield row(`similarity within visual tokens, layer ${l}`, innerSimilarity(visual), 'cosine', count)
    yield row(`similarity within text tokens, layer ${l}`, innerSimilarity(text), 'cosine', count)
    for (const modality of MODALITIES)
      yield row(`median norm of ${modality} tokens, layer ${l}`, states.norms[modality][l], '', count)
  }
  yield row('IMA score, same layer', imaScore(states), 'cosine', count)
  yield row('IMA score, image at the input', imaScore(states, 'input'), 'cosine', count)
  yield coneRow(lab, states)
  yield changeRow(lab, states)
}

/** How near a sample's state is to all of a set, itself left out: mean over layers, for each sample. */
function nearness(own: States['visual'], others: States['visual']): number[] {
  return own[0].map((_, sample) =>
    average(own.map((layer, l) => setSimilarity([layer[sample]], without(others[l], own === others ? sample : -1)))),
  )
}

const without = (rows: readonly Vector[], at: number): readonly Vector[] => rows.filter((_, index) => index !== at)

function differenceOf({ seed }: Lab, first: readonly number[], second: readonly number[]) {
  const pairs = first.map((value, cluster) => ({ stratum: 'samples', cluster, first: value, second: second[cluster] }))
  return pairedDifference(pairs, { seed })
}

/** The claim of narrow cones: visual tokens are nearer to each other than to text. */
function coneRow(lab: Lab, { visual, text }: States): Row {
  const difference = differenceOf(lab, nearness(visual, visual), nearness(visual, text))
  const { mean, low, high, pairs } = difference
  return {
    ...row('visual tokens are nearer to each other than to text, mean over layers', mean, 'cosine', pairs),
    interval: [low, high],
    ...better(difference, 'the similarity across modalities'),
  }
}

/** The claim that skipping rests on: visual tokens change less from layer to layer. */
function changeRow(lab: Lab, { same }: States): Row {
  const perSample = (modality: Modality) =>
    same[modality][0].map((_, sample) => average(same[modality].map((layer) => layer[sample])))
  const difference = differenceOf(lab, perSample('visual'), perSample('text'))
  const { mean, low, high, pairs } = difference
  return {
    ...row('visual tokens keep their direction more than text does, layer to layer', mean, 'cosine', pairs),
    interval: [low, high],
    ...better(difference, 'the direction that text keeps'),
  }
}

async function* maskRows(lab: Lab, model: Model, questions: readonly Question[]): AsyncGenerator<Row> {
  const all = linearLayers(model.parts.architecture)
  const step = Math.max(1, Math.ceil(all.length / (lab.quick ? 3 : LINEAR_LAYERS)))
  const layers = all.filter((_, at) => at % step === 0)
  const masks = await masksOf(lab, model, questions, layers, SPARSITY)
  const overlaps = masks.map(({ visual, text }) => maskIou(visual, text))
  const chance = chanceIou(SPARSITY)
  const above = differenceOf(
    lab,
    overlaps,
    overlaps.map(() => chance),
  )
  yield {
    ...row(
      `overlap of the weights that visual and text tokens activate, ${100 * SPARSITY} % kept`,
      average(overlaps),
      'IoU',
      layers.length,
    ),
    baseline: { name: 'random masks', value: chance, unit: 'IoU' },
    holds: above.low > 0 ? true : 'undecided',
    ...(above.low > 0 ? {} : { reason: 'the interval of the overlap holds that of random masks' }),
    note: `${layers.length} of ${all.length} linear layers, each scored on the dense model: nothing is pruned before it`,
  }
  const shared = average(masks.map(({ visual, text }) => density(sharedMask([visual, text]))))
  yield row('share of weights that both masks keep', 100 * shared, '%', layers.length)
}

/** Skipping the same feed-forward layers for one modality and for the other. */
async function* skipRows(lab: Lab, model: Model): AsyncGenerator<Row> {
  const tasks = lab.quick ? TASK_IDS.slice(0, 2) : TASK_IDS
  const arms = (['visual', 'text'] as const).map((tokens) => {
    const plan = skipOptions.parse({ tokens, interval: 1 })
    return { method: { name: `ima:${Object.entries(plan).join(';')}`, ...skip(plan) } }
  })
  const [whole, visual, text] = await lab.evaluate([{ method: dense }, ...arms], tasks)
  const beside = { name: 'dense', of: [whole] }
  yield shareOf(lab, 'accuracy, feed-forward layers skipped for visual tokens', [visual], beside)
  yield shareOf(lab, 'accuracy, the same layers skipped for text', [text], beside)
  const flops = (answers: typeof whole) => average(answers.map((answer) => answer.flops.prefill))
  yield row('FLOPs of the prefill, skipped for visual tokens', flops(visual) / flops(whole), 'x', whole.length)
  yield row('FLOPs of the prefill, skipped for text', flops(text) / flops(whole), 'x', whole.length)
  const difference = lab.compare(visual, [text])
  yield {
    ...pointsRow('skipping for visual tokens keeps more right answers than for text', difference),
    ...better(difference, 'skipping for text'),
    note: `in layers 1 to ${model.parts.architecture.language.layers - 2}; visual tokens are more, so that saves more as well`,
  }
}
