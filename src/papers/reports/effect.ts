/** What a method that chooses tokens costs in right answers, beside what chance and a smaller image cost. */
import { accuracyOf } from '../../evaluation/accuracy.ts'
import type { Difference } from '../../evaluation/paired.ts'
import type { Proportion } from '../../evaluation/proportion.ts'
import type { Answer } from '../../evaluation/world.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { random } from '../reducer/random.ts'
import { resize } from '../reducer/resize.ts'
import { atBudget, BUDGETS, hasBudget } from './budgets.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'
import { better } from './verdict.ts'

/** One subset may be lucky; a question's score is the mean over this many. */
const SUBSETS = 3

/** A method at one budget, and the baselines at the same. */
interface Measured {
  readonly share: number
  readonly method: Method
  readonly own: readonly Answer[]
  readonly random: readonly (readonly Answer[])[]
  readonly resize: readonly Answer[]
}

export async function* effectRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const budgets = hasBudget(entry) ? BUDGETS : [undefined]
  lab.expect(2 + budgets.length * (2 + SUBSETS))
  const [whole, blind] = await lab.evaluate([{ method: dense }, { method: dense, blind: true }])
  yield accuracyRow('accuracy, dense', whole)
  yield accuracyRow('accuracy, dense, of a gray image', blind)
  yield guessRow(whole)
  const measured: Measured[] = []
  for (const share of budgets) {
    const found = await measure(entry, lab, share)
    measured.push(found)
    yield* budgetRows(entry, lab, found, whole)
    yield* equalFlopsRow(lab, found, whole)
  }
  if (entry.role !== 'baseline') yield claimRow(lab, measured)
}

async function measure(entry: Paper, lab: Lab, asked: number | undefined): Promise<Measured> {
  const method = asked === undefined ? buildMethod(entry, {}) : atBudget(entry, asked)
  const [own] = await lab.evaluate([{ method }])
  const share = asked ?? mean(own, ({ visualTokens: { before, after } }) => after / before)
  const subsets = Array.from({ length: SUBSETS }, (_, seed) => buildMethod(random, { keep: share, seed }))
  const smaller = buildMethod(resize, { keep: share })
  const [shrunk, ...drawn] = await lab.evaluate([smaller, ...subsets].map((other) => ({ method: other })))
  return { share, method, own, random: drawn, resize: shrunk }
}

function* budgetRows(entry: Paper, lab: Lab, found: Measured, whole: readonly Answer[]): Generator<Row> {
  const { own } = found
  const at = `${percent(found.share)} % of tokens`
  yield { ...accuracyRow(`accuracy, ${at}`, own), baseline: percentOf('dense', [whole]) }
  yield figure(`tokens in the last layer, ${at}`, mean(own, last), 'tokens', {
    name: 'dense',
    value: mean(whole, last),
    unit: 'tokens',
  })
  yield figure(`FLOPs of the prefill, ${at}`, prefill(own) / prefill(whole), 'x', {
    name: 'random',
    value: prefill(found.random[0]) / prefill(whole),
    unit: 'x',
  })
  yield differenceRow(`against dense, ${at}`, lab.compare(own, [whole]), percentOf('dense', [whole]))
  if (entry.id !== random.id)
    yield differenceRow(
      `against random, ${at}`,
      lab.compare(own, found.random),
      percentOf(`mean of ${SUBSETS} random subsets`, found.random),
    )
  if (entry.id !== resize.id)
    yield differenceRow(
      `against a smaller image, ${at}`,
      lab.compare(own, [found.resize]),
      percentOf('resize', [found.resize]),
    )
}

/** A method that drops tokens late costs more than one that drops them before the language model. */
const FLOPS_APART = 1.05

/** Beside random pruning that costs as much, where that at the same share costs less. */
async function* equalFlopsRow(lab: Lab, found: Measured, whole: readonly Answer[]): AsyncGenerator<Row> {
  const [own, pruned, full] = [prefill(found.own), prefill(found.random[0]), prefill(whole)]
  if (own < FLOPS_APART * pruned) return
  // Between two measured shares FLOPs grow nearly in proportion.
  const share = found.share + ((own - pruned) / (full - pruned)) * (1 - found.share)
  const rounded = Math.min(1, Math.round(1000 * share) / 1000)
  const subsets = Array.from({ length: SUBSETS }, (_, seed) => buildMethod(random, { keep: rounded, seed }))
  const drawn = await lab.evaluate(subsets.map((method) => ({ method })))
  const name = `against random of as many FLOPs, ${percent(found.share)} % of tokens`
  const baseline = percentOf(`mean of ${SUBSETS} random subsets of ${percent(rounded)} % of tokens`, drawn)
  yield differenceRow(name, lab.compare(found.own, drawn), baseline)
}

/** The one claim, stated before anything is measured: more right than chance, over all budgets together. */
function claimRow(lab: Lab, measured: readonly Measured[]): Row {
  // The same questions at each budget: an image is drawn with all of its answers.
  const own = measured.flatMap((found) => found.own)
  const others = Array.from({ length: SUBSETS }, (_, seed) => measured.flatMap((found) => found.random[seed]))
  const difference = lab.compare(own, others)
  const name = 'better than random, mean over the budgets'
  return {
    ...differenceRow(name, difference, percentOf(`mean of ${SUBSETS} random subsets`, others)),
    count: measured[0].own.length,
    ...better({ ...difference, pairs: measured[0].own.length }, 'random pruning'),
  }
}

const percent = (share: number): number => Number((100 * share).toFixed(2))

function accuracyRow(name: string, answers: readonly Answer[]): Row {
  const { share, low, high } = accuracyOf(answers)
  return { ...figure(name, percent(share), '%'), interval: [percent(low), percent(high)], count: answers.length }
}

function differenceRow(name: string, { mean: found, low, high, pairs }: Difference, baseline: Row['baseline']): Row {
  const interval = [percent(low), percent(high)] as const
  return { ...figure(name, percent(found), 'points', baseline), interval, count: pairs }
}

const figure = (name: string, value: number, unit: string, baseline?: Row['baseline']): Row => ({
  part: 'effect',
  name,
  value,
  unit,
  ...(baseline && { baseline }),
})

function percentOf(name: string, arms: readonly (readonly Answer[])[]): NonNullable<Row['baseline']> {
  const shares = arms.map((answers): Proportion => accuracyOf(answers))
  return { name, value: percent(shares.reduce((sum, { share }) => sum + share, 0) / shares.length), unit: '%' }
}

/** A guess among the answers that each question allows; tasks count alike. */
function guessRow(answers: readonly Answer[]): Row {
  const tasks = [...new Set(answers.map(({ task }) => task))]
  const chances = tasks.map((task) =>
    mean(
      answers.filter((answer) => answer.task === task),
      ({ chance }) => chance,
    ),
  )
  const share = chances.reduce((sum, chance) => sum + chance, 0) / chances.length
  return { ...figure('accuracy, a guess among allowed answers', percent(share), '%'), count: answers.length }
}

const last = ({ visualTokens }: Answer): number => visualTokens.after

/** Of questions that came with the image; later turns of a dialogue have it in the cache. */
const prefill = (answers: readonly Answer[]): number =>
  mean(
    answers.filter(({ task }) => task !== 'dialogue'),
    ({ flops }) => flops.prefill,
  )

const mean = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0) / items.length
