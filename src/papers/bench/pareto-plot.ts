/** Accuracy over cost as a picture: points to SVG text. */
import { escapeMarkup } from '../reports/markup.ts'
import { isBaseline } from './arms.ts'
import type { Point } from './points.ts'

const plot = { left: 60, right: 620, top: 20, bottom: 360, width: 860, height: 410 }
/** Okabe and Ito's palette; a shape for each round through it. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f5539', '#333333']
const SHAPES = ['circle', 'square', 'diamond', 'triangle'] as const

/** What lies on the horizontal axis. */
export interface Axis {
  readonly name: string
  readonly of: (point: Point) => number | undefined
}

export const TOKENS: Axis = {
  name: 'visual tokens, mean over the layers, of dense',
  of: ({ tokens }) => tokens.mean / tokens.before,
}
export const FLOPS: Axis = { name: 'FLOPs of the prefill, of dense', of: ({ flops }) => flops }
export const TTFT: Axis = {
  name: 'time to the first token, of dense',
  of: ({ timing, label }) => (label === 'dense' ? 1 : timing?.ttft[0]),
}

/** A line for each method, a point for each share; bars are 95 % intervals. Empty where no point has a place on the axis. */
export function paretoPlot(points: readonly Point[], axis: Axis): string {
  const placed = points.flatMap((point) => {
    const at = axis.of(point)
    return at === undefined ? [] : [{ point, at }]
  })
  if (placed.length < 2) return ''
  const [most, least] = [Math.max(...placed.map(({ at }) => at)), Math.min(0, ...placed.map(({ at }) => at))]
  const [low, high] = [
    Math.min(...placed.map(({ point }) => point.accuracy.low)),
    Math.max(...placed.map(({ point }) => point.accuracy.high)),
  ]
  const x = (at: number) => plot.left + ((at - least) / (most - least || 1)) * (plot.right - plot.left)
  const y = (share: number) => plot.bottom - ((share - low) / (high - low || 1)) * (plot.bottom - plot.top)
  const labels = [...new Set(placed.map(({ point }) => point.label))]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${plot.width} ${Math.max(plot.height, plot.top + labels.length * 16 + 10)}" font-family="sans-serif" font-size="12" role="img" aria-label="accuracy over ${escapeMarkup(axis.name)}">`,
    ...grid(least, most, x, low, high, y),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 38}" text-anchor="middle">${escapeMarkup(axis.name)}</text>`,
    ...labels.flatMap((label, index) => {
      const own = placed.filter(({ point }) => point.label === label).sort((a, b) => a.at - b.at)
      return series(
        label,
        index,
        own.map(({ point, at }) => ({ point, px: x(at), y })),
      )
    }),
    '</svg>',
  ].join('\n')
}

interface Drawn {
  readonly point: Point
  readonly px: number
  readonly y: (share: number) => number
}

/** Baselines are dashed and grey. */
function series(label: string, index: number, drawn: readonly Drawn[]): string[] {
  const isBeside = isBaseline({ label })
  const color = isBeside ? '#777' : COLORS[index % COLORS.length]
  const shape = SHAPES[Math.floor(index / COLORS.length) % SHAPES.length]
  const path = drawn.map(
    ({ point, px, y }, at) => `${at === 0 ? 'M' : 'L'}${px.toFixed(1)} ${y(point.accuracy.share).toFixed(1)}`,
  )
  const legend = plot.top + index * 16
  return [
    `<path d="${path.join('')}" fill="none" stroke="${color}" stroke-opacity=".6"${isBeside ? ' stroke-dasharray="4 3"' : ''}/>`,
    ...drawn.flatMap(({ point, px, y }) => [
      `<line x1="${px.toFixed(1)}" x2="${px.toFixed(1)}" y1="${y(point.accuracy.low).toFixed(1)}" y2="${y(point.accuracy.high).toFixed(1)}" stroke="${color}" stroke-opacity=".35"/>`,
      marker(shape, px, y(point.accuracy.share), color, titleOf(point)),
    ]),
    marker(shape, plot.right + 24, legend, color, label),
    `<text x="${plot.right + 36}" y="${legend + 4}">${escapeMarkup(label.length > 28 ? `${label.slice(0, 27)}…` : label)}</text>`,
  ]
}

const titleOf = ({ label, keep, accuracy }: Point): string =>
  `${label}${keep === undefined ? '' : ` at ${100 * keep} %`}: ${(100 * accuracy.share).toFixed(1)} %`

function marker(shape: (typeof SHAPES)[number], x: number, y: number, color: string, title: string): string {
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`
  const path = {
    circle: `M${at(-4, 0)}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0`,
    square: `M${at(-3.5, -3.5)}h7v7h-7z`,
    diamond: `M${at(-5, 0)}l5-5 5 5-5 5z`,
    triangle: `M${at(-4.5, 4)}l4.5-8 4.5 8z`,
  }[shape]
  return `<path d="${path}" fill="${color}"><title>${escapeMarkup(title)}</title></path>`
}

function grid(
  least: number,
  most: number,
  x: (at: number) => number,
  low: number,
  high: number,
  y: (share: number) => number,
): string[] {
  const ticks = (from: number, to: number) => Array.from({ length: 6 }, (_, at) => from + (at * (to - from)) / 5)
  return [
    ...ticks(low, high).map(
      (share) =>
        `<line x1="${plot.left}" x2="${plot.right}" y1="${y(share).toFixed(1)}" y2="${y(share).toFixed(1)}" stroke="#ddd"/><text x="${plot.left - 8}" y="${(y(share) + 4).toFixed(1)}" text-anchor="end">${(100 * share).toFixed(0)} %</text>`,
    ),
    ...ticks(least, most).map(
      (at) => `<text x="${x(at).toFixed(1)}" y="${plot.bottom + 18}" text-anchor="middle">${at.toFixed(2)}</text>`,
    ),
    `<line x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}" stroke="#333"/>`,
  ]
}
