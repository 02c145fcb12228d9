import type { Paper } from '../paper.ts'
import { random } from '../reducer/random.ts'
import { resize } from '../reducer/resize.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'

/** Raised when the default run measures otherwise than before, which makes older results stale. */
export const DEFAULT_RUN = 1

/** What every method is set beside; their code is part of what a result depends on. */
export const baselines: readonly Paper[] = [random, resize]

/**
 * The run of papers that only choose tokens. Checks: invariants of every reducer. Effect: right answers at half, a
 * quarter and an eighth of the visual tokens, beside the dense model, a gray image, guessing, random pruning (mean of
 * three subsets) and a smaller image, paired over questions. Headline: FLOPs counted and milliseconds measured at the
 * method's defaults, in turns with the dense model, at the shapes of the embedded model.
 */
export async function* defaultRun(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  for await (const row of await rowsOf(entry, lab)) {
    const paper = entry.reported?.[row.name]
    yield paper ? { ...row, paper } : row
  }
}

/** What measures is imported when it is needed: those who only ask whether there is a run need no model and no canvas. */
async function rowsOf(entry: Paper, lab: Lab): Promise<AsyncIterable<Row>> {
  if (lab.part === 'checks') return (await import('./checks.ts')).checkRows(entry, lab)
  if (lab.part === 'effect') return (await import('./effect.ts')).effectRows(entry, lab)
  return (await import('./headline.ts')).headlineRows(entry, lab)
}
