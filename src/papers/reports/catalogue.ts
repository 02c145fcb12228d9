import type { Paper } from '../paper.ts'
import { dependenciesOf, hashModel } from './depends.ts'
import { ownPaperCode } from './paper-code.ts'
import { type PaperResults, readResults } from './results.ts'
import { runOf } from './run-of.ts'
import { type Standing, standingOf } from './standing.ts'

/** A paper with what was measured of it. */
export interface Measured {
  readonly entry: Paper
  readonly results?: PaperResults
  readonly standing: Standing
}

/** Papers with their results and states. Throws FoveaError `results_invalid`. */
export async function measuredPapers(entries: readonly Paper[], folders?: readonly string[]): Promise<Measured[]> {
  const found = await Promise.all(
    entries.map(async (entry) => ({ entry, results: await readResults(entry.id, folders) })),
  )
  const isMeasured = found.some(({ results }) => results)
  const [model, code] = isMeasured ? await Promise.all([hashModel(), ownPaperCode()]) : [{}, {}]
  return Promise.all(
    found.map(async ({ entry, results }) => {
      const now = results && runOf(entry) ? await dependenciesOf(entry, model, code) : {}
      return { entry, ...(results && { results }), standing: standingOf(entry, results, now) }
    }),
  )
}
