import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import type { Paper } from '../paper.ts'
import { papers } from '../registry.ts'
import { defaultRun } from './default-run.ts'
import type { Lab } from './lab.ts'
import type { Row } from './row.ts'

export type Run = (lab: Lab) => AsyncIterable<Row>

/** A paper's own run; the default one of a method that chooses tokens or views; or none. */
export function runOf(entry: Paper): Run | undefined {
  if (entry.run) return (lab) => entry.run!(lab, (entry.options ?? z.object({})).parse({}))
  const choosesTokens = entry.kind.some((kind) => kind === 'reducer' || kind === 'partition')
  return entry.method && choosesTokens ? (lab) => defaultRun(entry, lab) : undefined
}

/** Papers that can be reproduced. */
export const reproducible = (): Paper[] => papers.filter(runOf)

/** The same, where there must be one. Throws FoveaError `nothing_to_reproduce`. */
export function requireRun(entry: Paper): Run {
  const run = runOf(entry)
  if (run) return run
  const what = entry.method ? 'a method but no run' : 'neither a method nor a run'
  const ids = reproducible().map(({ id }) => id)
  const message = `${entry.id} has ${what} yet; papers that can be reproduced: ${ids.join(', ')}`
  throw new FoveaError('nothing_to_reproduce', 'usage', message)
}
