/** What `fovea bench reduce` measured of a reducer, from the table that `fovea bench report` writes for machines. */
import { readFileSync } from 'node:fs'
import type { Paper } from '../../src/papers/paper.ts'
import { table } from './markdown.ts'

const FILE = 'docs/reducers.csv'

type Point = ReadonlyMap<string, string>

const percent = (text: string): string => (text === '' ? '' : (100 * Number(text)).toFixed(1))
const points = (text: string): string => (Number(text) > 0 ? `+${percent(text)}` : percent(text))
const fixed = (digits: number) => (text: string) => (text === '' ? '' : Number(text).toFixed(digits))

/** Columns of the file that a page shows, and how. */
const COLUMNS: readonly (readonly [name: string, format: (text: string) => string])[] = [
  ['right, %', percent],
  ['against dense, points', points],
  ['against resize', points],
  ['against random', points],
  ['tokens, mean', fixed(1)],
  ['FLOPs of prefill, x', fixed(3)],
  ['first token, x of dense', fixed(3)],
]

/** Cells of a line, quoted where they hold commas. */
const cells = (line: string): string[] =>
  [...`${line},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, cell]) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )

/** The points of a method, the largest share first. */
export function benchmarkPoints(id: string, csv: string): Point[] {
  const [head, ...lines] = csv.trimEnd().split('\n').map(cells)
  const all = lines.map((line) => new Map(head.map((name, at) => [name, line[at]])))
  return all.filter((point) => point.get('method') === id && point.get('share') !== '')
}

export function benchmarkSection({ id }: Paper, csv = readFileSync(FILE, 'utf8')): string[] {
  const rows = benchmarkPoints(id, csv).map((point) => [
    `${percent(point.get('share')!).replace('.0', '')} %`,
    ...COLUMNS.map(([name, format]) => format(point.get(name)!)),
  ])
  if (rows.length === 0) return []
  return [
    '### Beside the other reducers',
    'By `fovea bench reduce`, on the embedded model; what the columns mean, intervals and all methods: [Visual token reducers](../reducers.md).',
    table(['tokens that stay:', ...COLUMNS.map(([name]) => `${name}:`)], rows),
  ]
}
