/** Units of the World that answer to two concepts each, put into words, and how well the words foretell what they answer. */
import { believed, chanceOfCorrelation, pearson, spearman } from '../../../evaluation/linear/correlation.ts'
import { predict } from '../../../evaluation/linear/ridge.ts'
import { pairedDifference } from '../../../evaluation/paired.ts'
import { wilson } from '../../../evaluation/proportion.ts'
import { type ConceptUnit, makeConceptUnits, measureUnit, Rng, unitSignal } from '../../../world/index.ts'
import { caption } from '../../../world/questions/caption.ts'
import { shareRow } from '../../reports/figures.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { average } from '../ima/similarity.ts'
import { principalComponents } from '../xl-vlms/principal.ts'
import { type Description, describe, encode, type Pool, poolOf } from './describe.ts'
import { captionsOf, embeddingsOf, type Stimulus, stimuliOf } from './look.ts'
import { bagCosine, fitOf, tfIdf, wordsIn } from './words.ts'

const COUNTS = { train: 400, validation: 400, test: 150, units: 60, sets: 5 }
const QUICK = { train: 24, validation: 24, test: 12, units: 4, sets: 1 }
const NOISE = 0.3
/** Share of false ones among the units that are called predicted. */
const FALSE_SHARE = 0.05
/** Both words of so many units are to be found. */
const WANTED = 0.8
const VARIANCE = 0.9

/** Pictures with what a model makes of them. */
interface Seen {
  readonly stimuli: readonly Stimulus[]
  readonly embeddings: readonly (readonly number[])[]
  readonly captions: readonly string[]
}

/** A unit, what it is said to prefer in several ways, and how well each foretells its answers to test pictures. */
interface Told {
  readonly concepts: readonly string[]
  readonly encoding: number
  readonly ceiling: number
  readonly ways: Readonly<Record<Way, string>>
  readonly scores: Readonly<Record<Way, number>>
}

const WAYS = [
  'LaVCa',
  'one keyword',
  'shuffled',
  'caption of the best image',
  'words nearest to the weights',
  'LaVCa on true captions',
] as const
type Way = (typeof WAYS)[number]

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const counts = lab.quick ? QUICK : COUNTS
  const [train, pool, test] = await lookAt(lab, counts)
  const [said, truth] = [pool.captions, pool.stimuli.map(({ scene }) => caption(scene) ?? '')]
  const pools = { model: poolOf(pool.embeddings, said), truth: poolOf(pool.embeddings, truth) }
  const told = Array.from({ length: counts.sets }, (_, set) =>
    tellUnits(lab.seed + set, counts.units, train, test, pools),
  ).flat()
  yield* encodingRows(told, test.stimuli.length)
  yield* foundRows(told)
  yield* scoreRows(lab, told)
  yield* diversityRows(told, pools.model)
}

async function lookAt(lab: Lab, counts: typeof COUNTS): Promise<[Seen, Seen, Seen]> {
  const seenOf = async (split: 'train' | 'validation' | 'test'): Promise<Seen> => {
    const stimuli = stimuliOf({ split, seed: lab.seed }, counts[split])
    const key = `${split}, ${counts[split]}`
    const embeddings = await lab.remember(`embeddings of ${key}`, async () =>
      embeddingsOf(lab, await lab.model(), stimuli),
    )
    // What units are fitted on is not captioned: its noise would be read as a preference.
    const captions =
      split === 'train'
        ? []
        : await lab.remember(`captions of ${key}`, async () => captionsOf(lab, await lab.model(), stimuli))
    return { stimuli, embeddings, captions }
  }
  return [await seenOf('train'), await seenOf('validation'), await seenOf('test')]
}

function tellUnits(seed: number, count: number, train: Seen, test: Seen, pools: { model: Pool; truth: Pool }): Told[] {
  const units = makeConceptUnits({ seed, count })
  const answers = (unit: ConceptUnit, { stimuli }: Seen) =>
    stimuli.map(({ name, scene }) => measureUnit(unit, scene, { seed, stimulus: name, noise: NOISE }))
  const responses = units.map((unit) => answers(unit, train))
  const model = encode(
    train.embeddings,
    train.embeddings.map((_, n) => responses.map((own) => own[n])),
  )
  const foretold = predict(model, test.embeddings)
  const descriptions = model.weights.map((w) => describe(w, pools.model))
  const shuffled = Rng.from(seed, 'lavca shuffled').shuffle(descriptions)
  const bag = tfIdf(pools.model.captions)
  const bags = test.captions.map(bag)
  return units.map((unit, v) => {
    const measured = answers(unit, test)
    const ways = waysOf(descriptions[v], shuffled[v], model.weights[v], pools)
    const score = (text: string) =>
      spearman(
        bags.map((shown) => bagCosine(bag(text), shown)),
        measured,
      )
    const encoding = pearson(
      foretold.map((row) => row[v]),
      measured,
    )
    const scores = Object.fromEntries(WAYS.map((way) => [way, score(ways[way])])) as Told['scores']
    return { concepts: unit.concepts, encoding, ceiling: ceilingOf(unit, test), ways, scores }
  })
}

function waysOf(
  own: Description,
  other: Description,
  w: readonly number[],
  { model, truth }: { model: Pool; truth: Pool },
): Told['ways'] {
  const nearest = [...model.tower.vectors.keys()].sort((a, b) => fitOf(model.tower, b, w) - fitOf(model.tower, a, w))
  return {
    LaVCa: own.sentence,
    'one keyword': own.keywords[0],
    shuffled: other.sentence,
    'caption of the best image': own.single,
    'words nearest to the weights': nearest.slice(0, own.keywords.length).join(' '),
    'LaVCa on true captions': describe(w, truth).sentence,
  }
}

/** The largest correlation that a perfect model has with one measurement: the root of the share of variance that is signal. */
function ceilingOf(unit: ConceptUnit, { stimuli }: Seen): number {
  const signal = stimuli.map(({ scene }) => unitSignal(unit, scene))
  const mean = average(signal)
  const variance = average(signal.map((value) => (value - mean) ** 2))
  return Math.sqrt(variance / (variance + NOISE ** 2))
}

const row = (name: string, value: number, unit: string, count: number): Row => ({
  part: 'effect',
  name,
  value,
  unit,
  count,
})

function* encodingRows(told: readonly Told[], images: number): Generator<Row> {
  const baseline = { name: 'noise ceiling', value: average(told.map(({ ceiling }) => ceiling)), unit: 'r' }
  yield {
    ...row(
      'encoding: correlation with held-out answers, mean of units',
      average(told.map(({ encoding }) => encoding)),
      'r',
      told.length,
    ),
    baseline,
  }
  const isPredicted = believed(
    told.map(({ encoding }) => chanceOfCorrelation(encoding, images)),
    FALSE_SHARE,
  )
  yield shareRow(
    'encoding: units predicted, false discovery rate 0.05',
    isPredicted.filter(Boolean).length,
    told.length,
  )
}

const holdsBoth = ({ concepts, ways }: Told, way: Way): boolean => {
  const words = new Set(wordsIn(ways[way]))
  return concepts.every((concept) => words.has(concept))
}

function* foundRows(told: readonly Told[]): Generator<Row> {
  for (const way of WAYS) {
    const found = told.filter((one) => holdsBoth(one, way)).length
    const name = `${way}: units of which both concepts are named`
    yield way === 'LaVCa'
      ? { ...shareRow(name, found, told.length), ...atLeast(found, told.length) }
      : shareRow(name, found, told.length)
  }
}

/** Whether a share reaches what is wanted, by its interval. */
function atLeast(found: number, count: number): Pick<Row, 'holds' | 'reason'> {
  const { low, high } = wilson(found, count)
  if (low >= WANTED) return { holds: true }
  const wanted = `${100 * WANTED} % of the units`
  if (high < WANTED) return { holds: false, reason: `both are named for fewer than ${wanted}` }
  return { holds: 'undecided', reason: `the interval holds ${wanted}` }
}

function* scoreRows({ seed }: Lab, told: readonly Told[]): Generator<Row> {
  const differenceOf = (way: Way, other?: Way) =>
    pairedDifference(
      told.map(({ scores }, cluster) => ({
        stratum: 'units',
        cluster,
        first: scores[way],
        second: other ? scores[other] : 0,
      })),
      { seed },
    )
  for (const way of WAYS) {
    const { mean, low, high } = differenceOf(way)
    yield { ...row(`${way}: sentence-level accuracy`, mean, 'rho', told.length), interval: [low, high] }
  }
  for (const other of ['one keyword', 'shuffled', 'words nearest to the weights'] as const) {
    const difference = differenceOf('LaVCa', other)
    const { mean, low, high } = difference
    const figure = {
      ...row(`sentence-level accuracy above that of: ${other}`, mean, 'rho', told.length),
      interval: [low, high] as const,
    }
    yield { ...figure, ...better(difference, other) }
  }
}

/** How different the sentences of units are. */
function* diversityRows(told: readonly Told[], pool: Pool): Generator<Row> {
  for (const way of ['LaVCa', 'caption of the best image', 'words nearest to the weights'] as const) {
    const texts = told.map(({ ways }) => ways[way])
    yield row(`${way}: different words`, new Set(texts.flatMap(wordsIn)).size, 'words', told.length)
    const vectors = texts.flatMap((text) => {
      const found = pool.tower.embed(text)
      return found ? [found] : []
    })
    if (vectors.length > 1)
      yield row(`${way}: components for 90 % of the variance`, componentsFor(vectors), 'components', vectors.length)
  }
}

function componentsFor(vectors: readonly (readonly number[])[]): number {
  let sum = 0
  const { shares } = principalComponents(vectors, vectors[0].length)
  return shares.findIndex((share) => (sum += share) >= VARIANCE) + 1
}
