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
  const digits = unit === 'x' ? 3 : 1
  const [low, high] = interval.map((end) => (unit === 'points' ? signed(end) : end.toFixed(digits)))
  return `${low} to ${high}`
}

/** `dense 94.3 %` */
export const formatBaseline = ({ baseline }: Row): string =>
  baseline ? `${baseline.name} ${formatValue(baseline.value, baseline.unit)}` : ''

/** `0.550 x (abstract, LLaVA-1.5-13B)` */
export const formatPaper = ({ paper }: Row): string =>
  paper ? `${formatValue(paper.value, paper.unit)} (${paper.where})` : ''

/** `holds`, `fails: why`, `undecided: why`; empty for a figure that claims nothing. */
export function formatVerdict({ holds, reason }: Row): string {
  if (holds === undefined) return ''
  if (holds === true) return 'holds'
  return [holds === false ? 'does not hold' : 'undecided', ...(reason ? [reason] : [])].join(': ')
}

/** `effect`, `refuted (stale)` */
export const formatState = ({ state, stale }: Standing): string => (stale.length > 0 ? `${state} (stale)` : state)

const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(1)}`

const formatNumber = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(3)))
