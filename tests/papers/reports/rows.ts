import type { PaperResults, PartResult } from '../../../src/papers/reports/results.ts'
import type { Part, Row } from '../../../src/papers/reports/row.ts'

/** A claim that holds, changed by `more`. */
export const claim = (part: Part, more: Partial<Row> = {}): Row => {
  return { part, name: `claim of ${part}`, value: 12.5, unit: 'points', holds: true, ...more }
}

/** Results as they are stored, of these rows. */
export function resultsOf(id: string, rows: readonly Row[], more: Partial<PartResult> = {}): PaperResults {
  const parts = Object.fromEntries(
    [...new Set(rows.map(({ part }) => part))].map((part) => [
      part,
      {
        date: '2026-11-28T00:00:00.000Z',
        version: '0.1.0',
        model: 'models/fovea-mini',
        split: 'test',
        seed: 1,
        n: 40,
        depends: { 'models/fovea-mini': 'abc' },
        rows: rows.filter((row) => row.part === part),
        ...more,
      },
    ]),
  )
  return { id, parts } as PaperResults
}
