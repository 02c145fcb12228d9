import type { Rgb } from '../vocabulary.ts'
import { type Coverage, cover, type FillRule } from './coverage.ts'
import { IDENTITY, type Matrix } from './matrix.ts'
import { type Paint, samplerOf } from './paint.ts'
import type { Polygon } from './polygon.ts'

/** An opaque picture, RGBA, row by row. */
export interface Surface {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray<ArrayBuffer>
}

/** A picture of one colour. */
export function createSurface(width: number, height = width, [r, g, b]: Rgb = [255, 255, 255]): Surface {
  const data = new Uint8ClampedArray(4 * width * height)
  for (let at = 0; at < data.length; at += 4) {
    data[at] = r
    data[at + 1] = g
    data[at + 2] = b
    data[at + 3] = 255
  }
  return { width, height, data }
}

/** Lays a paint over the pixels that are covered. `matrix` moves the paint as the area was moved. */
export function paintOver({ width, data }: Surface, area: Coverage, paint: Paint, matrix: Matrix = IDENTITY): void {
  const sample = samplerOf(paint, matrix)
  const color = new Float64Array(4)
  for (let y = 0; y < area.height; y++) {
    for (let x = 0; x < area.width; x++) {
      const share = area.shares[y * area.width + x]
      if (share === 0) continue
      sample(x + area.left + 0.5, y + area.top + 0.5, color)
      const alpha = share * color[3]
      const at = 4 * ((y + area.top) * width + x + area.left)
      for (let c = 0; c < 3; c++) data[at + c] = Math.floor(data[at + c] + alpha * (color[c] - data[at + c]) + 0.5)
    }
  }
}

/** Fills closed outlines with one colour. */
export function fill(
  surface: Surface,
  polygons: readonly Polygon[],
  rgb: Rgb,
  opacity = 1,
  rule: FillRule = 'nonzero',
): void {
  const area = cover(polygons, rule, surface.width, surface.height)
  if (area) paintOver(surface, area, { kind: 'solid', rgb, opacity })
}
