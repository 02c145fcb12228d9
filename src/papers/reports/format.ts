/** Rows in words, alike in the terminal, in reports and in the generated pages. */
import type { Row } from './row.ts'
import type { Standing } from './standing.ts'

/** With as many digits as mean something: `94.3 %`, `+3.2 points`, `0.412 x`, `0`. */
export function formatValue(value: number, unit: string): string {
  if (unit === '%') return `${value.toFixed(1)} %`
  if (unit === 'points') return `${signed(value)} points`
  if (unit === 'x') return `${value.toFixed(3)} x`
  return `${formatNumber(value)} ${unit}`.trim()
}

/** The interval without its unit: `92.1 to 95.9`. */
export function formatInterval({ interval, unit }: Row): string {
  if (!interval) return ''
  const [low, high] = interval.map((end) => formatValue(end, unit).replace(` ${unit}`, ''))
  return `${low} to ${high}`
}

/** `dense 94.3 %` */
export const formatBaseline = ({ baseline }: Row): string =>
  baseline ? `${baseline.name} ${formatValue(baseline.value, baseline.unit)}` : ''

/** `0.550 x (abstract, LLaVA-1.5-13B)` */
export const formatPaper = ({ paper }: Row): string =>
  paper ? `${formatValue(paper.value, paper.unit)} (${paper.where})` : ''

/** `holds`, `does not hold: why`, `undecided: why`, and what a reader must know of it; of a figure only that. */
export function formatVerdict({ holds, reason, note }: Row): string {
  const words = holds === undefined ? [] : [holds === true ? 'holds' : holds === false ? 'does not hold' : 'undecided']
  return [...words, ...(reason && holds !== true ? [reason] : []), ...(note ? [note] : [])].join(': ')
}

/** `effect`, `refuted (stale)` */
export const formatState = ({ state, stale }: Standing): string => (stale.length > 0 ? `${state} (stale)` : state)

const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(1)}`

const formatNumber = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(3)))
