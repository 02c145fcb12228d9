/** Two ways of using a method, or of training its weights over several seeds, set beside each other. */
import type { Difference } from '../../evaluation/paired.ts'
import type { Answer } from '../../evaluation/world.ts'
import { compose } from '../../pipeline/method/compose.ts'
import type { PlaceFunctions } from '../paper.ts'
import { pointsRow, shareOf } from './figures.ts'
import type { Arm, Lab } from './lab.ts'
import type { Row } from './row.ts'

type Options = Readonly<Record<string, string | number | boolean>>

/** One claim: under `first`, and trained under it, a method answers these questions better than under `other`. */
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
export type Ask = (arms: readonly Arm[], tasks?: readonly string[]) => Promise<Answer[][]>

interface Contrasting {
  readonly ask?: Ask
  /** What answers under options: the method trained under them from several seeds, when absent. */
  readonly arms?: (options: Options) => readonly Arm[]
}

/** Of weights and of the batches that they are trained on. */
const seedsOf = ({ quick }: Pick<Lab, 'quick'>): number[] => (quick ? [1] : [1, 2, 3])

/** For each claim the share of right answers of either side, and what the first gains. Trained ones have equal steps and batches. */
export async function* contrasts(
  lab: Lab,
  all: readonly Contrast[],
  { ask = lab.evaluate, arms }: Contrasting = {},
): AsyncGenerator<Row> {
  const armsOf = async (options: Options) => arms?.(options) ?? (await trainedArms(lab, options))
  if (ask === lab.evaluate) for (const { tasks } of all) lab.expect(2 * seedsOf(lab).length, tasks)
  for (const { claim, first, other, tasks, least } of all) {
    const [of, against] = [await ask(await armsOf(first), tasks), await ask(await armsOf(other), tasks)]
    const name = named(other)
    yield shareOf(lab, `accuracy, ${claim}: ${named(first)}`, of, { name, of: against })
    yield claimRow(lab, claim, [of, against], least)
  }
}

/** A method that needs no training, under options: what `contrasts` takes as `arms`. */
export const armsUnder =
  (id: string, build: (options: Options) => PlaceFunctions) =>
  (options: Options): Arm[] => [{ method: compose({ name: `${id}:${named(options, ',')}`, ...build(options) }) }]

const named = (options: Options, separator = ', '): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join(separator)

/** One for each seed. */
async function trainedArms(lab: Lab, options: Options): Promise<Arm[]> {
  const arms: Arm[] = []
  for (const seed of seedsOf(lab)) {
    const method = await lab.trained(options, seed)
    arms.push({ method: method(), name: `${named(options)}, seed ${seed}` })
  }
  return arms
}

/** It holds where the mean reaches the least, and a gain has the same sign in every seed and an interval above zero. */
function claimRow(lab: Lab, claim: string, [of, against]: readonly Answer[][][], least: number): Row {
  const all = lab.compareMeans(of, against)
  const each = of.map((answers, seed) => 100 * lab.compareMeans([answers], [against[seed]]).mean)
  const asked = least > 0 ? `at least ${least} were asked for` : `${-least} fewer were allowed`
  const row = {
    ...pointsRow(claim, all),
    note: `${each.length > 1 ? `by seed: ${each.map((x) => x.toFixed(1)).join(', ')}; ` : ''}${asked}`,
  }
  return { ...row, ...verdictOf(all, each, least) }
}

export function verdictOf({ mean, low, high }: Difference, each: readonly number[], least: number) {
  const isSure = least <= 0 || (low > 0 && each.every((points) => points > 0))
  if (100 * mean >= least && isSure) return { holds: true }
  if (100 * high < least) return { holds: false, reason: `it is below ${least} points here` }
  const reason = `neither ${least} points in every seed, nor surely less: train more seeds`
  return { holds: 'undecided', reason } as const
}
