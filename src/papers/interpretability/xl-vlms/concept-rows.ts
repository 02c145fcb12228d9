/** Concepts in states that colours are predicted from, grounded in words and images; and how a reducer shifts them. */
import { compose } from '../../../pipeline/method/compose.ts'
import type { Model } from '../../../pipeline/model.ts'
import { COLORS } from '../../../world/index.ts'
import { visionzip } from '../../reducer/visionzip.ts'
import { shareRow, unmeasured } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { type Concepts, kMeans } from './k-means.ts'
import { wordsOf } from './lens.ts'
import { principalComponents } from './principal.ts'
import { questionsOf } from './questions.ts'
import { semiNmf } from './semi-nmf.ts'
import { distanceGain, matchAtoms, ownersOf, shiftsOf } from './shift.ts'
import { type Predicted, predict, stateHeads } from './states.ts'
import { distance, mean, norm, type Vector } from './vectors.ts'

/** As many as there are colours. */
const CONCEPTS = COLORS.length
const TOP_IMAGES = 5
const KEEP = 0.125
const WORDS = 3

/** @param count a fifth of the samples; they are of the test split, since concepts are looked at and nothing is fitted to them */
export async function* conceptRows(lab: Lab, model: Model, layer: number, count: number): AsyncGenerator<Row> {
  const asked = await questionsOf({ split: SPLIT, seed: lab.seed }, 'color', 5 * count)
  const seen = await lab.remember(`states of colours, ${asked.length}`, () => predict(lab, model, asked, [layer]))
  const samples = seen.filter(({ word }) => (COLORS as readonly string[]).includes(word))
  if (samples.length < CONCEPTS) {
    yield unmeasured(
      'concepts of colours',
      `the model names a colour ${samples.length} times, fewer than there are concepts`,
    )
    return
  }
  const states = samples.map((sample) => sample.states[layer])
  const concepts = kMeans(states, CONCEPTS, lab.seed)
  yield* groundedRows(model, 'k-means', concepts, samples)
  const factors = semiNmf(states, CONCEPTS, lab.seed)
  yield* groundedRows(model, 'semi-NMF', factors, samples)
  const { shares } = principalComponents(states, CONCEPTS)
  const explained = 100 * shares.reduce((sum, share) => sum + share, 0)
  yield {
    part: 'effect',
    name: `variance along ${CONCEPTS} principal components`,
    value: explained,
    unit: '%',
    count: states.length,
  }
  yield* shiftRows(lab, model, { asked, layer, seen })
}

/** Whether the head reads a concept as the word that most of its samples answer, and whether its images show that. */
async function* groundedRows(
  model: Model,
  kind: string,
  concepts: Concepts,
  samples: readonly Predicted[],
): AsyncGenerator<Row> {
  const owners = ownersOf(concepts)
  let [named, shown, images, alive] = [0, 0, 0, 0]
  for (const [k, atom] of concepts.atoms.entries()) {
    const own = samples.filter((_, at) => owners[at] === k)
    if (own.length === 0) continue
    alive++
    const [word] = await wordsOf(
      model,
      scaled(
        atom,
        own.map(({ states }) => Object.values(states)[0]),
      ),
      `${kind}-${k}`,
      WORDS,
    )
    if (word === commonest(own.map((sample) => sample.word))) named++
    const order = samples.map((_, at) => at).sort((a, b) => concepts.activations[b][k] - concepts.activations[a][k])
    const top = order.slice(0, TOP_IMAGES).map((at) => samples[at])
    shown += top.filter(({ answer }) => answer === word).length
    images += top.length
  }
  const chance = { name: 'a drawn colour', value: 100 / COLORS.length, unit: '%' }
  const words = shareRow(`${kind}: concepts whose first word is what their samples answer`, named, alive)
  const holds = words.interval![0] > chance.value
  const reason = 'concepts are read as other words than their samples answer'
  yield { ...words, baseline: chance, ...(holds ? { holds } : { holds: 'undecided', reason }) }
  yield {
    ...shareRow(`${kind}: top images that show the first word of their concept`, shown, images),
    baseline: chance,
  }
}

/** Atoms of bounded norm are directions; the head is asked about a state as long as those that they stand for. */
function scaled(atom: Vector, own: readonly Vector[]): Vector {
  const length = own.reduce((sum, state) => sum + norm(state), 0) / own.length
  return atom.map((x) => (x * length) / (norm(atom) || 1))
}

function commonest(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0][0]
}

interface Looked {
  readonly asked: Awaited<ReturnType<typeof questionsOf>>
  readonly layer: number
  readonly seen: readonly Predicted[]
}

/**
 * The paper shifts concepts from a model to the same one after fine-tuning. No such pair is here yet; the arithmetic is the
 * same between a model and itself with fewer visual tokens.
 */
async function* shiftRows(lab: Lab, model: Model, { asked, layer, seen }: Looked): AsyncGenerator<Row> {
  const reducer = { name: `visionzip:keep=${KEEP}`, ...visionzip.method!(visionzip.options!.parse({ keep: KEEP })) }
  const method = compose(reducer, stateHeads([layer]))
  const again = await lab.remember(`states under visionzip, ${asked.length}`, () =>
    predict(lab, model, asked, [layer], method),
  )
  const both = seen.flatMap((before, at) => (before.word === again[at].word ? [[before, again[at]] as const] : []))
  const [before, after] = [0, 1].map((side) => both.map((pair) => pair[side].states[layer]))
  if (before.length < CONCEPTS) {
    yield unmeasured('shifts of concepts', `${before.length} answers stay as they were, fewer than there are concepts`)
    return
  }
  const [concepts, moved] = [kMeans(before, CONCEPTS, lab.seed), kMeans(after, CONCEPTS, lab.seed)]
  const shifts = shiftsOf(concepts, before, after)
  const partners = matchAtoms(concepts.atoms, moved.atoms)
  const gains = shifts.map(({ concept, shifted }) =>
    distanceGain(concepts.atoms[concept], shifted, moved.atoms[partners[concept]]),
  )
  const note = `shift by ${reducer.name}, not by fine-tuning, of which no pair of models is here`
  const figure = (name: string, value: number): Row => ({
    part: 'effect',
    name,
    value,
    unit: '',
    count: shifts.length,
    note,
  })
  const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  yield figure(
    'consistency of shifts: mean cosine of changes with their shift',
    average(shifts.map(({ consistency }) => consistency)),
  )
  yield figure('distance to the concepts after it that shifts recover, mean share', average(gains))
  const lengths = shifts.map(({ concept, delta }) => norm(delta) / distance(concepts.atoms[concept], mean(before)))
  yield figure('length of shifts, distance of concepts from their mean is 1', average(lengths))
}
