/** Two ways of training the weights of a method, set beside each other over several seeds. */
import type { Difference } from '../../evaluation/paired.ts'
import type { Answer } from '../../evaluation/world.ts'
import { pointsRow, shareOf } from './figures.ts'
import type { Arm, Lab } from './lab.ts'
import type { Row } from './row.ts'

type Options = Readonly<Record<string, string | number | boolean>>

/** One claim: trained under `first`, a method answers these questions better than trained under `other`. */
export interface Contrast {
  readonly claim: string
  readonly first: Options
  readonly other: Options
  /** All when absent. */
  readonly tasks?: readonly string[]
  /** Points by which it must be better; below 0, by which it may be worse. */
  readonly least: number
}

/** How questions are asked; those of the lab unless a paper has its own. */
type Ask = (arms: readonly Arm[], tasks?: readonly string[]) => Promise<Answer[][]>

/** Of weights and of the batches that they are trained on. */
const seedsOf = ({ quick }: Pick<Lab, 'quick'>): number[] => (quick ? [1] : [1, 2, 3])

/** For each claim the share of right answers of either side, and what the first gains. Both have equal steps and batches. */
export async function* contrasts(lab: Lab, all: readonly Contrast[], ask: Ask = lab.evaluate): AsyncGenerator<Row> {
  for (const { tasks } of all) lab.expect(2 * seedsOf(lab).length, tasks)
  for (const { claim, first, other, tasks, least } of all) {
    const [of, against] = [await answersOf(lab, first, ask, tasks), await answersOf(lab, other, ask, tasks)]
    const name = named(other)
    yield shareOf(lab, `accuracy, ${claim}: ${named(first)}`, of, { name, of: against })
    yield claimRow(lab, claim, [of, against], least)
  }
}

const named = (options: Options): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')

/** By seed. */
async function answersOf(lab: Lab, options: Options, ask: Ask, tasks?: readonly string[]): Promise<Answer[][]> {
  const arms: Arm[] = []
  for (const seed of seedsOf(lab)) {
    const method = await lab.trained(options, seed)
    arms.push({ method: method(), name: `${named(options)}, seed ${seed}` })
  }
  return ask(arms, tasks)
}

/** It holds where the mean reaches the least, and a gain has the same sign in every seed and an interval above zero. */
function claimRow(lab: Lab, claim: string, [of, against]: readonly Answer[][][], least: number): Row {
  const all = lab.compareMeans(of, against)
  const each = of.map((answers, seed) => 100 * lab.compareMeans([answers], [against[seed]]).mean)
  const asked = least > 0 ? `at least ${least} were asked for` : `${-least} fewer were allowed`
  const row = { ...pointsRow(claim, all), note: `by seed: ${each.map((x) => x.toFixed(1)).join(', ')}; ${asked}` }
  return { ...row, ...verdictOf(all, each, least) }
}

export function verdictOf({ mean, low, high }: Difference, each: readonly number[], least: number) {
  const isSure = least <= 0 || (low > 0 && each.every((points) => points > 0))
  if (100 * mean >= least && isSure) return { holds: true }
  if (100 * high < least) return { holds: false, reason: `it is below ${least} points here` }
  const reason = `neither ${least} points in every seed, nor surely less: train more seeds`
  return { holds: 'undecided', reason } as const
}
