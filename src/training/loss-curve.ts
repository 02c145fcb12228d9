/** Loss curves as a picture: log to SVG text, no files. */
import type { Progress } from './loss-log.ts'

export interface CurveOptions {
  readonly title: string
  /** Weight of the past in the smoothed line, in [0, 1); 0 draws the losses as they are. */
  readonly smoothing?: number
}

/** A straight map from values to pixels. */
type Scale = (value: number) => number

const size = { width: 800, height: 440 }
const plot = { left: 68, right: 640, top: 44, bottom: 384 }
/** Okabe and Ito's palette: distinct for colour-blind readers too. */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** Points that one line has at most; more cannot be seen. */
const MAX_POINTS = 1000

/**
 * A self-contained SVG: one smoothed line per loss over the steps, on a logarithmic axis; the gradient norm, which is no
 * loss, is left out. Values that are not positive have no place on such an axis.
 */
export function lossCurve(log: readonly Progress[], { title, smoothing = 0.9 }: CurveOptions): string {
  const names = Object.keys(log.at(-1)?.losses ?? {}).filter((name) => name !== 'norm')
  const lines = names.map((name) => ({ name, points: smooth(log, name, smoothing).filter(([, y]) => y > 0) }))
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y))
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), 1), values.reduce((a, b) => Math.max(a, b), 0.1)]
  const last = log.at(-1)?.step ?? 1
  const x: Scale = (step) => plot.left + (step / last) * (plot.right - plot.left)
  const [floor, ceiling] = [Math.log10(low) - 0.05, Math.log10(high) + 0.05]
  const y: Scale = (value) => plot.bottom - ((Math.log10(value) - floor) / (ceiling - floor)) * (plot.bottom - plot.top)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    text(plot.left, 24, title, 'font-size="15" font-weight="bold"'),
    ...horizontalAxis(last, x),
    ...verticalAxis(10 ** floor, 10 ** ceiling, y),
    ...lines.map(({ points }, at) => polyline(points, x, y, palette[at % palette.length])),
    ...lines.flatMap(({ name, points }, at) => legend(name, points.at(-1)?.[1], at)),
    '</svg>\n',
  ].join('\n')
}

/** Exponential moving averages without a bias towards zero at the start. */
function smooth(log: readonly Progress[], name: string, past: number): [number, number][] {
  let [sum, weight] = [0, 0]
  return log.map(({ step, losses }) => {
    sum = past * sum + (1 - past) * losses[name]
    weight = past * weight + (1 - past)
    return [step, sum / weight]
  })
}

function polyline(points: readonly [number, number][], x: Scale, y: Scale, color: string): string {
  const every = Math.ceil(points.length / MAX_POINTS)
  const drawn = points.filter((_, at) => at % every === 0 || at === points.length - 1)
  const path = drawn.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round"/>`
}

function horizontalAxis(last: number, x: Scale): string[] {
  const stride = niceStride(last / 6)
  const ticks = Array.from({ length: Math.floor(last / stride) + 1 }, (_, at) => at * stride)
  return [
    line(plot.left, plot.bottom, plot.right, plot.bottom, '#333'),
    ...ticks.map((step) => text(x(step), plot.bottom + 18, String(step), 'text-anchor="middle"')),
    text((plot.left + plot.right) / 2, plot.bottom + 40, 'steps', 'text-anchor="middle"'),
  ]
}

function verticalAxis(low: number, high: number, y: Scale): string[] {
  const decades = Array.from({ length: 12 }, (_, at) => 10 ** (at - 6))
  const ticks = decades.flatMap((ten) => [ten, 2 * ten, 5 * ten]).filter((value) => value >= low && value <= high)
  const middle = (plot.top + plot.bottom) / 2
  return [
    ...ticks.flatMap((value) => [
      line(plot.left, y(value), plot.right, y(value), '#e3e3e3'),
      text(plot.left - 8, y(value) + 4, String(Number(value.toPrecision(1))), 'text-anchor="end"'),
    ]),
    text(18, middle, 'loss (nats, logarithmic)', `text-anchor="middle" transform="rotate(-90 18 ${middle})"`),
  ]
}

function legend(name: string, value: number | undefined, at: number): string[] {
  const top = plot.top + 10 + at * 20
  const label = value === undefined ? name : `${name} ${value.toPrecision(3)}`
  return [
    `<rect x="${plot.right + 16}" y="${top - 5}" width="14" height="4" fill="${palette[at % palette.length]}"/>`,
    text(plot.right + 36, top + 1, label, ''),
  ]
}

/** 1, 2 or 5 times a power of ten, not below `least` nor below 1. */
function niceStride(least: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, least)))
  return [1, 2, 5, 10].map((factor) => factor * ten).find((stride) => stride >= least) ?? 10 * ten
}

const line = (x1: number, y1: number, x2: number, y2: number, color: string): string =>
  `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${color}"/>`

const escapes: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content.replace(/[<>&"]/g, (c) => escapes[c])}</text>`
