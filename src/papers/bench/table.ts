/** Points as a table: the columns, and how each is written. */
import type { Difference } from '../../evaluation/paired.ts'
import type { Proportion } from '../../evaluation/proportion.ts'
import type { Point } from './points.ts'

interface Column {
  readonly name: string
  /** Empty where a point has none. */
  readonly text: (point: Point) => string
  /** For a machine: numbers without their interval or unit. */
  readonly value: (point: Point) => string | number | undefined
}

const percent = (share: number): string => (100 * share).toFixed(1)
const signed = (share: number): string => `${share < 0 ? '' : '+'}${percent(share)}`
const withInterval = (found?: Proportion): string =>
  found ? `${percent(found.share)} (${percent(found.low)} to ${percent(found.high)})` : ''
const difference = (found?: Difference): string =>
  found ? `${signed(found.mean)} (${signed(found.low)} to ${signed(found.high)})` : ''
const share = (name: string, of: (point: Point) => Proportion | undefined): Column => ({
  name,
  text: (point) => withInterval(of(point)),
  value: (point) => of(point)?.share,
})
const against = (name: string, of: (point: Point) => Difference | undefined): Column => ({
  name,
  text: (point) => difference(of(point)),
  value: (point) => of(point)?.mean,
})
const number = (name: string, of: (point: Point) => number | undefined, digits: number): Column => ({
  name,
  text: (point) => of(point)?.toFixed(digits) ?? '',
  value: of,
})
/** An end of an interval: tables have it beside its value. */
const bound = (name: string, value: (point: Point) => number): Column => ({ name, text: () => '', value })

export const COLUMNS: readonly Column[] = [
  { name: 'method', text: ({ label }) => label, value: ({ label }) => label },
  {
    name: 'share',
    text: ({ keep }) => (keep === undefined ? '' : `${Number((100 * keep).toFixed(2))} %`),
    value: ({ keep }) => keep,
  },
  share('right, %', ({ accuracy }) => accuracy),
  bound('right, low', ({ accuracy }) => accuracy.low),
  bound('right, high', ({ accuracy }) => accuracy.high),
  number('retained', ({ retention }) => retention, 3),
  against('against dense, points', ({ against }) => against.dense),
  against('against resize', ({ against }) => against.resize),
  against('against random', ({ against }) => against.random),
  number('McNemar p against resize', ({ p }) => p, 4),
  share('where resize fails, %', ({ needed }) => needed),
  share('local, %', ({ local }) => local),
  share('global, %', ({ global }) => global),
  share('first turn, %', ({ turns }) => turns?.first),
  share('later turns, %', ({ turns }) => turns?.later),
  number('tokens, mean', ({ tokens }) => tokens.mean, 1),
  number('tokens, last', ({ tokens }) => tokens.last, 1),
  number('FLOPs of prefill, x', ({ flops }) => flops, 3),
  {
    name: 'first token, x of dense',
    text: ({ timing }) =>
      timing ? `${timing.ttft[0].toFixed(3)} (${timing.ttft[1].toFixed(3)} to ${timing.ttft[2].toFixed(3)})` : '',
    value: ({ timing }) => timing?.ttft[0],
  },
  number('preprocess, ms', ({ timing }) => timing?.own.preprocess, 2),
  number('vision, ms', ({ timing }) => timing?.own.vision, 2),
  number('prefill, ms', ({ timing }) => timing?.own.prefill, 2),
  number('first token, ms', ({ timing }) => timing?.own.ttft, 2),
  number('a token more, ms', ({ timing }) => timing?.own.perToken, 2),
]

/** Columns in which some point has something. */
export const columnsOf = (points: readonly Point[], columns = COLUMNS): readonly Column[] =>
  columns.filter(({ text }) => points.some((point) => text(point) !== ''))

/** RFC 4180. */
export function csvOf(points: readonly Point[]): string {
  const cell = (value: string | number | undefined) => {
    const text = value === undefined ? '' : String(value)
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const rows = points.map((point) => COLUMNS.map(({ value }) => cell(value(point))).join(','))
  return `${[COLUMNS.map(({ name }) => cell(name)).join(','), ...rows].join('\n')}\n`
}
