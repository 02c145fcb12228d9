import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { isMet, type Row, type Skipped } from './row.ts'

export interface Report {
  readonly date: string
  readonly machine: string
  /** Processes that wanted a core when the run began. */
  readonly load: number
  readonly repeat: number
  readonly rows: readonly (Row | Skipped)[]
}

export function startReport(repeat: number): Omit<Report, 'rows'> {
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const machine = `${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${gigabytes} GiB, Node ${process.version}`
  return { date: new Date().toISOString().slice(0, 10), machine, load: loadavg()[0], repeat }
}

/** Where docs/benchmarks.md goes on with what `npm run bench:peers` measured. */
export const PEERS_HEADING = '\n## Beside other engines\n'

/** Other work takes cores away, so the figures are lower bounds of the machine's own. */
export const isBusy = ({ load }: Pick<Report, 'load'>): boolean => load > 0.5

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString())
const shown = (value: number, unit: Row['unit']): string =>
  unit === 'x' ? `${round(value)} x` : `${round(value)} ${unit}`

function targetOf({ target, unit }: Row): string {
  if (!target) return ''
  return 'atLeast' in target ? `at least ${shown(target.atLeast, unit)}` : `at most ${shown(target.atMost, unit)}`
}

/** Name, target, measured, met, note. */
function cells(row: Row | Skipped): string[] {
  if ('skipped' in row) return [row.name, '', 'not measured', '', row.skipped]
  const met = isMet(row)
  return [
    row.name,
    targetOf(row),
    shown(row.value, row.unit),
    met === undefined ? '' : met ? 'met' : 'NOT MET',
    row.note ?? '',
  ]
}

const HEAD = ['what', 'target', 'measured', '', 'note']

/** Columns as wide as their longest cell. */
export function plainTable(rows: readonly (Row | Skipped)[]): string {
  const lines = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function markdown({ date, machine, load, repeat, rows }: Report): string {
  const table = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`)
  const busy = isBusy({ load })
    ? ` The machine was busy (load ${load.toFixed(1)}): take these figures again on an idle one.`
    : ''
  return [
    '# Benchmarks',
    '',
    `Written by \`npm run bench -- --write\` on ${date}: ${machine}; medians of ${repeat}.${busy}`,
    '',
    ...table,
    '',
  ].join('\n')
}
