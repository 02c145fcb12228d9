import type { Matrix } from './matrix.ts'

/** Corners of a closed outline: x, y, x, y, ... */
export type Polygon = Float64Array

export function transformed(polygon: Polygon, [a, b, c, d, e, f]: Matrix): Polygon {
  const out = new Float64Array(polygon.length)
  for (let i = 0; i < polygon.length; i += 2) {
    const [x, y] = [polygon[i], polygon[i + 1]]
    out[i] = a * x + c * y + e
    out[i + 1] = b * x + d * y + f
  }
  return out
}

/** Left, top, right, bottom of all corners. */
export function extentOf(polygons: readonly Polygon[]): [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const polygon of polygons) {
    for (let i = 0; i < polygon.length; i += 2) {
      left = Math.min(left, polygon[i])
      right = Math.max(right, polygon[i])
      top = Math.min(top, polygon[i + 1])
      bottom = Math.max(bottom, polygon[i + 1])
    }
  }
  return [left, top, right, bottom]
}

export function rectangle(left: number, top: number, right: number, bottom: number): Polygon {
  return Float64Array.of(left, top, right, top, right, bottom, left, bottom)
}

/** An ellipse, upright, as a polygon. */
export function ellipse(x: number, y: number, rx: number, ry = rx, sides = 48): Polygon {
  const out = new Float64Array(2 * sides)
  for (let i = 0; i < sides; i++) {
    const angle = (2 * Math.PI * i) / sides
    out[2 * i] = x + rx * Math.cos(angle)
    out[2 * i + 1] = y + ry * Math.sin(angle)
  }
  return out
}

/** A line of a width with round ends, as an outline for the nonzero rule. */
export function strokeOf(line: Polygon, width: number, closed: boolean): Polygon[] {
  const half = width / 2
  const out: Polygon[] = []
  const corners = line.length / 2
  for (let i = 0; i < corners; i++) {
    const [x, y] = [line[2 * i], line[2 * i + 1]]
    out.push(ellipse(x, y, half, half, 12))
    if (i === corners - 1 && !closed) continue
    const next = (i + 1) % corners
    const [dx, dy] = [line[2 * next] - x, line[2 * next + 1] - y]
    const length = Math.sqrt(dx * dx + dy * dy)
    if (length === 0) continue
    const [nx, ny] = [(-dy / length) * half, (dx / length) * half]
    out.push(Float64Array.of(x - nx, y - ny, x + dx - nx, y + dy - ny, x + dx + nx, y + dy + ny, x + nx, y + ny))
  }
  return out
}
