import { formatBaseline, formatInterval, formatPaper, formatValue, formatVerdict } from '../papers/reports/format.ts'
import type { Row } from '../papers/reports/row.ts'
import { terminalWidth, wrap } from './terminal.ts'

const NAME = 46
const VALUE = 14
const INDENT = 6

/**
 * A row as lines that stand in columns although the rows after it are not known: its name and what was measured, then
 * what that is compared with, what the paper says and whether it holds. `isFirst` puts the name of its part above.
 */
export function rowLines(row: Row, isFirst: boolean): string[] {
  const measured = formatValue(row.value, row.unit).padStart(VALUE)
  const interval = row.interval ? `  (${formatInterval(row)})` : ''
  const names = wrap(row.name, NAME).split('\n')
  const facts = [
    ...(row.baseline ? [formatBaseline(row)] : []),
    ...(row.paper ? [`paper: ${formatPaper(row)}`] : []),
    ...(row.holds === undefined ? [] : [formatVerdict(row)]),
  ]
  const line = `  ${names.at(-1)!.padEnd(NAME)}${measured}${interval}`.trimEnd()
  const isShort = facts.length === 1 && line.length + 2 + facts[0].length <= terminalWidth()
  const below = facts.length > 0 && !isShort ? wrap(facts.join('; '), terminalWidth() - INDENT).split('\n') : []
  return [
    ...(isFirst ? [row.part] : []),
    ...names.slice(0, -1).map((name) => `  ${name}`),
    isShort ? `${line}  ${facts[0]}` : line,
    ...below.map((text) => ' '.repeat(INDENT) + text),
  ]
}
