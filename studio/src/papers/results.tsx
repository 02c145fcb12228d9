import type { PaperCard, PartResults, Row } from '../api/types.ts'
import { ResultPlot } from './result-plot.tsx'
import { ResultRow } from './result-row.tsx'

const PARTS = ['effect', 'headline', 'checks'] as const
const NAMES: Readonly<Record<string, string>> = {
  effect: 'What it claims, measured',
  headline: 'What it saves',
  checks: 'What must hold exactly',
}

/** Every row that was measured, beside what it is compared with and what the paper says. */
export function Results({ card }: { card: PaperCard }) {
  const { results = {}, reasons, state } = card
  const parts = PARTS.filter((part) => results[part])
  return (
    <section>
      <h2>Claim beside measurement</h2>
      {reasons.length > 0 && <p className={state === 'refuted' ? 'verdict no' : 'where'}>{reasons.join('; ')}.</p>}
      {parts.length === 0 && <p className="empty">Nothing was measured of it yet.</p>}
      {parts.map((part) => (
        <Part key={part} part={part} results={results} />
      ))}
    </section>
  )
}

function Part({ part, results }: { part: (typeof PARTS)[number]; results: PartResults }) {
  const { rows, model, split, seed, n, date } = results[part]!
  const body = (
    <>
      {part === 'effect' && <ResultPlot rows={rows as readonly Row[]} />}
      <Table rows={rows as readonly Row[]} />
      <p className="source">
        {model}, {split} split, seed {seed}, {n} images a task, {date.slice(0, 10)}
      </p>
    </>
  )
  if (part !== 'checks')
    return (
      <div className="part">
        <h3>{NAMES[part]}</h3>
        {body}
      </div>
    )
  const held = rows.filter(({ holds }) => holds === true).length
  return (
    <details className="part">
      <summary>
        {NAMES[part]}: {held} of {rows.filter(({ holds }) => holds !== undefined).length} do
      </summary>
      {body}
    </details>
  )
}

const Table = ({ rows }: { rows: readonly Row[] }) => (
  // A table that is wider than a phone is moved by hand or by keys.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached
  <section className="scroll" aria-label="Measured rows" tabIndex={0}>
    <table>
      <thead>
        <tr>
          <th scope="col">measured</th>
          <th scope="col" className="number">
            here
          </th>
          <th scope="col">95 %</th>
          <th scope="col">beside</th>
          <th scope="col">the paper</th>
          <th scope="col">verdict</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ResultRow key={row.name} row={row} />
        ))}
      </tbody>
    </table>
  </section>
)
