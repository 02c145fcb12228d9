/** Queries that were trained in any number of them, and queries that always stood together, each cut to the first m. */
import type { Answer } from '../../../evaluation/world.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Model } from '../../../pipeline/model.ts'
import { pointsRow, shareOf } from '../../reports/figures.ts'
import type { Arm, Lab } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { queryCount } from './queries.ts'

/** Of weights and of the batches that they are trained on. */
const seedsOf = ({ quick }: Lab): number[] => (quick ? [1] : [1, 2, 3])
/** Of all queries; the claim is about all of them and a quarter. */
const SHARES = [1, 9 / 16, 1 / 4, 1 / 16]
const TRAININGS = ['elastic', 'whole'] as const
/** Points that elastic training must save at a quarter of the queries, and that more tokens may cost. */
const [SAVED, NOISE] = [8, 2]

/** Answers by number of tokens, one list for each seed. */
type Curve = ReadonlyMap<number, readonly (readonly Answer[])[]>

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const counts = countsOf(await lab.model())
  lab.expect(2 + TRAININGS.length * seedsOf(lab).length * counts.length)
  const [whole, blind] = await lab.evaluate([{ method: dense }, { method: dense, blind: true }])
  yield shareOf(lab, 'accuracy, dense', [whole])
  yield shareOf(lab, 'accuracy, dense, of a gray image', [blind])
  const curves = {} as Record<(typeof TRAININGS)[number], Curve>
  for (const trained of TRAININGS) {
    curves[trained] = await curveOf(lab, trained, counts)
    for (const [m, answers] of curves[trained])
      yield shareOf(lab, `accuracy, ${m} of ${NAMES[trained]} queries`, answers, { name: 'dense', of: [whole] })
  }
  const { elastic, whole: together } = curves
  const [most, , few] = counts
  for (const curve of TRAININGS) yield lossRow(lab, NAMES[curve], curves[curve], [most, few])
  yield savedRow(lab, elastic, together, [most, few])
  yield risingRow(lab, elastic, counts)
  yield flopsRow(elastic, whole, few)
}

const NAMES = { elastic: 'elastic', whole: 'jointly trained' }

const countsOf = (model: Model): number[] =>
  SHARES.map((share) => Math.max(1, Math.round(share * queryCount(model.parts.architecture))))

async function curveOf(lab: Lab, trained: string, counts: readonly number[]): Promise<Curve> {
  const arms: Arm[] = []
  for (const seed of seedsOf(lab)) {
    const method = await lab.trained({ trained }, seed)
    arms.push(...counts.map((m) => ({ method: method({ m }), name: `${trained}, seed ${seed}, ${m} tokens` })))
  }
  const answers = await lab.evaluate(arms)
  return new Map(counts.map((m, at) => [m, answers.filter((_, arm) => arm % counts.length === at)]))
}

type Ends = readonly [most: number, few: number]

/** What is lost by going from all queries to a quarter. */
function lossRow(lab: Lab, name: string, curve: Curve, [most, few]: Ends): Row {
  const row = pointsRow(
    `lost from ${most} to ${few} tokens, ${name}`,
    lab.compareMeans(curve.get(most)!, curve.get(few)!),
  )
  const paper = { value: 2.4, unit: 'points', where: 'table 1, MMBench: from 256 to 16 tokens, 7B' }
  return name === NAMES.elastic ? { ...row, paper } : row
}

/** The claim: elastic queries lose less, by 8 points or more, whatever the seed. */
function savedRow(lab: Lab, elastic: Curve, whole: Curve, [most, few]: Ends): Row {
  const saved = (seeds: readonly number[]) => {
    const of = (curve: Curve, m: number) => seeds.map((seed) => curve.get(m)![seed])
    const half = lab.compareMeans([...of(elastic, few), ...of(whole, most)], [...of(elastic, most), ...of(whole, few)])
    return { mean: 2 * half.mean, low: 2 * half.low, high: 2 * half.high, pairs: half.pairs }
  }
  const seeds = [...seedsOf(lab).keys()]
  const all = saved(seeds)
  const each = seeds.map((seed) => 100 * saved([seed]).mean)
  const row = {
    ...pointsRow(`elastic queries lose less from ${most} to ${few} tokens`, all),
    note: `by seed: ${each.map((points) => points.toFixed(1)).join(', ')}; at least ${SAVED} were asked for`,
  }
  if (all.low > 0 && 100 * all.mean >= SAVED && each.every((points) => points > 0)) return { ...row, holds: true }
  if (100 * all.high < SAVED) return { ...row, holds: false, reason: `it saves less than ${SAVED} points here` }
  return { ...row, holds: 'undecided', reason: `neither ${SAVED} points in every seed, nor less: train more seeds` }
}

/** More tokens never cost more than noise. */
function risingRow(lab: Lab, elastic: Curve, counts: readonly number[]): Row {
  const drops = counts.slice(1).map((m, at) => lab.compareMeans(elastic.get(m)!, elastic.get(counts[at])!))
  const worst = drops.reduce((a, b) => (b.mean > a.mean ? b : a))
  const row = pointsRow('worst that more elastic queries cost', worst)
  if (100 * worst.mean <= NOISE) return { ...row, holds: true }
  if (worst.low > 0) return { ...row, holds: false, reason: `more queries answer worse by more than ${NOISE} points` }
  return { ...row, holds: 'undecided', reason: 'the interval holds zero; ask more questions (--n)' }
}

function flopsRow(elastic: Curve, whole: readonly Answer[], few: number): Row {
  const [cost, all] = [elastic.get(few)![0], whole].map((answers) => {
    return answers.filter(({ task }) => task !== 'dialogue').reduce((sum, { flops }) => sum + flops.prefill, 0)
  })
  const paper = {
    value: 1 / 8,
    unit: 'x',
    where: 'abstract: 8 x fewer TFLOPs with 16 tokens than with 576, all of the model',
  }
  return { part: 'effect', name: `FLOPs of the prefill, ${few} tokens`, value: cost / all, unit: 'x', paper }
}
