import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import type { Paper } from '../paper.ts'
import { papers } from '../registry.ts'
import { choosesTokens } from './budgets.ts'
import { defaultChecks, defaultRun } from './default-run.ts'
import type { Lab } from './lab.ts'
import type { Part, Row } from './row.ts'
import { PARTS } from './row.ts'
import { claimsOf } from './standing.ts'
import { zero } from './verdict.ts'

export type Run = (lab: Lab) => AsyncIterable<Row>

/**
 * What measures a paper. Of every method the part `checks` holds what all of them owe, then the paper's own; effect and
 * headline come from the paper's run, or of a method that only chooses tokens from the default one.
 */
export function runOf(entry: Paper): Run | undefined {
  return partsOf(entry).length > 0 ? (lab) => rowsOf(entry, lab) : undefined
}

/** The parts that can be measured. */
export function partsOf(entry: Paper): readonly Part[] {
  if (entry.run || choosesTokens(entry)) {
    const isOwed = (part: Part) => part !== 'headline' || claimsOf(entry).includes(part)
    return PARTS.filter(isOwed)
  }
  return entry.method || entry.checks ? ['checks'] : []
}

async function* rowsOf(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const options = (entry.options ?? z.object({})).parse({})
  if (lab.part === 'checks') {
    if (entry.method) yield* defaultChecks(entry, lab)
    for await (const { value, unit = '', holds, reason, ...rest } of exactRows(entry, lab, options)) {
      const verdict =
        holds === undefined ? zero(value, reason ?? 'it is not zero') : { holds, ...(reason && { reason }) }
      yield { part: 'checks', value, unit, ...rest, ...verdict }
    }
  }
  if (entry.run) yield* entry.run(lab, options)
  else if (lab.part !== 'checks') yield* defaultRun(entry, lab)
}

/** Of a survey its branches, then what is the paper's own. */
async function* exactRows(entry: Paper, lab: Lab, options: Parameters<NonNullable<Paper['checks']>>[1]) {
  if (entry.taxonomy) yield* (await import('./taxonomy.ts')).taxonomyRows(entry.taxonomy, papers)
  yield* entry.checks?.(lab, options) ?? []
}

/** Papers that can be reproduced. */
export const reproducible = (): Paper[] => papers.filter(runOf)

/** The same, where there must be one. Throws FoveaError `nothing_to_reproduce`. */
export function requireRun(entry: Paper): Run {
  const run = runOf(entry)
  if (run) return run
  const ids = reproducible().map(({ id }) => id)
  const message = `${entry.id} has neither a method nor a run yet; papers that can be reproduced: ${ids.join(', ')}`
  throw new FoveaError('nothing_to_reproduce', 'usage', message)
}
