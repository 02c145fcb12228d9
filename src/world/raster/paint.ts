import type { Rgb } from '../vocabulary.ts'
import { inverse, type Matrix, multiply } from './matrix.ts'

export interface Stop {
  readonly offset: number
  readonly rgb: Rgb
  readonly opacity: number
}

/** One colour, or a gradient between stops: along a line, or outwards from the middle of the unit circle. */
export type Paint =
  | { readonly kind: 'solid'; readonly rgb: Rgb; readonly opacity: number }
  | {
      readonly kind: 'linear' | 'radial'
      readonly stops: readonly Stop[]
      /** From the gradient's own space (x from 0 to 1, or the unit circle) to that of the picture. */
      readonly matrix: Matrix
      readonly opacity: number
    }

/** Red, green, blue, alpha of a position. */
export type Sampler = (x: number, y: number, out: Float64Array) => void

function sampleStops(stops: readonly Stop[], at: number, out: Float64Array): void {
  let next = 0
  while (next < stops.length && stops[next].offset < at) next++
  const [a, b] = [stops[Math.max(0, next - 1)], stops[Math.min(stops.length - 1, next)]]
  const span = b.offset - a.offset
  const share = span > 0 ? Math.min(1, Math.max(0, (at - a.offset) / span)) : 0
  for (let c = 0; c < 3; c++) out[c] = a.rgb[c] + share * (b.rgb[c] - a.rgb[c])
  out[3] = a.opacity + share * (b.opacity - a.opacity)
}

/** What a paint looks like once the picture is moved by `matrix`. */
export function samplerOf(paint: Paint, matrix: Matrix): Sampler {
  if (paint.kind === 'solid') {
    const [r, g, b] = paint.rgb
    return (_x, _y, out) => {
      out[0] = r
      out[1] = g
      out[2] = b
      out[3] = paint.opacity
    }
  }
  const [a, b, c, d, e, f] = inverse(multiply(matrix, paint.matrix))
  const isLinear = paint.kind === 'linear'
  return (x, y, out) => {
    const [u, v] = [a * x + c * y + e, b * x + d * y + f]
    sampleStops(paint.stops, isLinear ? u : Math.sqrt(u * u + v * v), out)
    out[3] *= paint.opacity
  }
}

/** The colour in the middle of a paint's stops, weighed by how opaque they are. */
export function meanColor(paint: Paint): { rgb: Rgb; opacity: number } {
  if (paint.kind === 'solid') return paint
  const weight = paint.stops.reduce((sum, { opacity }) => sum + opacity, 0)
  const mean = (channel: number) =>
    weight > 0 ? paint.stops.reduce((sum, { rgb, opacity }) => sum + rgb[channel] * opacity, 0) / weight : 0
  return { rgb: [mean(0), mean(1), mean(2)], opacity: (paint.opacity * weight) / paint.stops.length }
}

/** The same paint with other colours. */
export function recolored(paint: Paint, change: (rgb: Rgb) => Rgb): Paint {
  if (paint.kind === 'solid') return { ...paint, rgb: change(paint.rgb) }
  return { ...paint, stops: paint.stops.map((stop) => ({ ...stop, rgb: change(stop.rgb) })) }
}
