/** Exact invariants of MMStar's two metrics, its matcher and its filter. */
import { choiceItems, chooseOption } from '../../../evaluation/choices.ts'
import { random } from '../../reducer/random.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { hitsOf, keptOf } from './filter.ts'
import { meanOver, multiModalGain, multiModalLeakage } from './gain.ts'
import { matchesOfficially } from './match.ts'

/** Answers, the letter that is right, and whether the published matcher says so. */
const MATCHES = [
  ['B', 'B', true],
  ['(b) a ring', 'B', true],
  ['Option B', 'B', true],
  ['The answer is B.', 'B', true],
  ['Answer: B', 'B', false],
  ['', 'B', false],
  ['the option is B', 'B', false],
  ['Answer: B', 'A', true],
] as const

const beyond = (value: number, wanted: number): number => {
  const difference = Math.abs(value - wanted)
  return difference < 1e-9 ? 0 : difference
}

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  const published = { seeing: 52.1, blind: 22.7, text: 20.3 }
  yield {
    name: 'gain of the published triple 52.1, 22.7, 20.3: off 29.4',
    value: beyond(multiModalGain(published), 29.4),
  }
  yield { name: 'leakage of the same: off 2.4', value: beyond(multiModalLeakage(published), 2.4) }
  const worse = { seeing: 40, blind: 20, text: 25 }
  yield { name: 'leakage where the blind model is worse than its base: off 0', value: multiModalLeakage(worse) }
  const both = meanOver([published, worse])
  yield { name: 'mean leakage of both: off 1.2, the mean of each', value: beyond(both.leakage, 1.2) }
  const wrong = MATCHES.filter(([answer, letter, right]) => matchesOfficially(answer, letter) !== right)
  yield {
    name: 'answers that the official matcher judges otherwise than published',
    value: wrong.length,
    count: MATCHES.length,
  }
  yield {
    name: 'thresholds at which the filter keeps less than at a lower one, or not all at the highest',
    value: filterFaults(),
  }
  yield* blindRows(lab)
}

/** All ways in which three models may know eight questions. */
function filterFaults(): number {
  const answers = [1, 2, 4].map((bit) => Array.from({ length: 8 }, (_, item) => (item & bit) > 0))
  const counts = [0, 1, 2, 3].map((most) => keptOf(hitsOf(answers), most).filter(Boolean).length)
  const expected = [1, 4, 7, 8]
  return counts.filter((count, at) => count !== expected[at]).length
}

/** A model that is shown nothing of an image, and one whose language model was left as it is. */
async function* blindRows(lab: Lab): AsyncGenerator<Exact> {
  const model = await lab.model()
  const method = { name: 'random:keep=0', ...random.method!(random.options!.parse({ keep: 0 })) }
  const items = choiceItems({ split: SPLIT, seed: lab.seed }, lab.quick ? 2 : 8)
  let [gain, leakage] = [0, 0]
  for (const item of items) {
    lab.signal.throwIfAborted()
    const [seeing, gray] = [
      await chooseOption(model, item, 'image', method),
      await chooseOption(model, item, 'gray', method),
    ]
    if (seeing !== gray) gain++
    const [own, base] = [await chooseOption(model, item, 'nothing', method), await chooseOption(model, item, 'nothing')]
    if (own !== base) leakage++
  }
  const count = items.length
  yield {
    name: 'answers of a model that drops all visual tokens which an image changes: its gain is 0',
    value: gain,
    count,
  }
  yield {
    name: 'answers without an image which a method changes that leaves text alone: its leakage is 0',
    value: leakage,
    count,
  }
}
