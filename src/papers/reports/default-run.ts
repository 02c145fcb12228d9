import type { Paper } from '../paper.ts'
import { checkRows } from './checks.ts'
import { effectRows } from './effect.ts'
import { headlineRows } from './headline.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'

/** Raised when the default run measures otherwise than before, which makes older results stale. */
export const DEFAULT_RUN = 1

/**
 * The run of papers that only choose tokens. Checks: invariants of every reducer. Effect: right answers at half, a
 * quarter and an eighth of the visual tokens, beside the dense model, a gray image, guessing, random pruning (mean of
 * three subsets) and a smaller image, paired over questions. Headline: FLOPs counted and milliseconds measured at the
 * method's defaults, in turns with the dense model, at the shapes of the embedded model.
 */
export async function* defaultRun(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  for await (const row of measuredRows(entry, lab)) {
    const paper = entry.reported?.[row.name]
    yield paper ? { ...row, paper } : row
  }
}

async function* measuredRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  if (lab.part === 'checks') yield* checkRows(entry, lab)
  if (lab.part === 'effect') yield* effectRows(entry, lab)
  if (lab.part === 'headline' && entry.role !== 'baseline') yield* headlineRows(entry, lab)
}
