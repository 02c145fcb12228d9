/** Measured values with their intervals as a picture: rows to SVG text. */
import { formatValue } from './format.ts'
import { escapeMarkup } from './markup.ts'
import type { Row } from './row.ts'

const plot = { left: 420, right: 860, width: 960, line: 26, top: 34 }
/** Okabe and Ito's palette: distinct for colour-blind readers too. */
const colors = { holds: '#009e73', fails: '#d55e00', figure: '#0072b2', paper: '#000' }

/** One panel for each unit of which rows have an interval or a figure of the paper; empty where there are none. */
export function intervalPlot(rows: readonly Row[]): string {
  const drawn = rows.filter(({ interval, paper }) => interval || paper)
  const units = [...new Set(drawn.map(({ unit }) => unit))]
  return units
    .map((unit) =>
      panel(
        unit,
        drawn.filter((row) => row.unit === unit),
      ),
    )
    .join('\n')
}

function panel(unit: string, rows: readonly Row[]): string {
  const values = rows.flatMap(({ value, interval = [], paper }) => [value, ...interval, ...ofUnit(paper, unit)])
  const zero = unit === 'points' ? [0] : unit === 'x' ? [1] : []
  const [low, high] = [Math.min(...values, ...zero), Math.max(...values, ...zero)]
  const x = (value: number) => plot.left + ((value - low) / (high - low || 1)) * (plot.right - plot.left)
  const height = plot.top + rows.length * plot.line + 26
  const bottom = height - 26
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${plot.width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${plot.width}" height="${height}" fill="#fff"/>`,
    ...zero.map((value) => line(x(value), plot.top - 12, x(value), bottom, '#999', 'stroke-dasharray="3 3"')),
    line(plot.left, bottom, plot.right, bottom, '#333'),
    ...[low, high].map((value) => text(x(value), bottom + 16, formatValue(value, unit), 'text-anchor="middle"')),
    ...rows.flatMap((row, at) => mark(row, plot.top + at * plot.line, x)),
    '</svg>',
  ].join('\n')
}

/** The interval as a line, the value as a dot, the paper's own figure as a diamond. */
function mark(row: Row, y: number, x: (value: number) => number): string[] {
  const { name, value, unit, interval, paper, holds } = row
  const color = holds === true ? colors.holds : holds === false ? colors.fails : colors.figure
  return [
    text(plot.left - 14, y + 4, name.length > 64 ? `${name.slice(0, 63)}…` : name, 'text-anchor="end"'),
    ...(interval ? [line(x(interval[0]), y, x(interval[1]), y, color, 'stroke-width="3"')] : []),
    `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="4.5" fill="${color}"><title>${escapeMarkup(formatValue(value, unit))}</title></circle>`,
    ...ofUnit(paper, unit).map((own) => diamond(x(own), y)),
    text(plot.right + 12, y + 4, formatValue(value, unit), ''),
  ]
}

const ofUnit = (paper: Row['paper'], unit: string): number[] => (paper?.unit === unit ? [paper.value] : [])

const diamond = (x: number, y: number): string =>
  `<path d="M${(x - 6).toFixed(1)} ${y}l6-6 6 6-6 6z" fill="none" stroke="${colors.paper}" stroke-width="1.5"/>`

const line = (x1: number, y1: number, x2: number, y2: number, color: string, more = ''): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1}" x2="${x2.toFixed(1)}" y2="${y2}" stroke="${color}" ${more}/>`

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escapeMarkup(content)}</text>`
