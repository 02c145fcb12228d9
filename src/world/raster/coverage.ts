import { extentOf, type Polygon } from './polygon.ts'

export type FillRule = 'nonzero' | 'evenodd'

/** How much of every pixel of a rectangle an area covers, 0 to 1, row by row. */
export interface Coverage {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly shares: Float32Array
}

/** Lines per pixel row at which outlines are crossed; along a line the coverage is exact. */
const LINES = 4

/** Crossings of every line below each other: positions, and beside them +1 for an edge that goes down, -1 for up. */
function crossings(polygons: readonly Polygon[], top: number, lines: number): { x: number[]; way: number[] }[] {
  const found = Array.from({ length: lines }, () => ({ x: [] as number[], way: [] as number[] }))
  for (const polygon of polygons) {
    const corners = polygon.length / 2
    for (let i = 0, j = corners - 1; i < corners; j = i++) {
      const [x0, y0, x1, y1] = [polygon[2 * j], polygon[2 * j + 1], polygon[2 * i], polygon[2 * i + 1]]
      if (y0 === y1) continue
      const [upper, lower] = y0 < y1 ? [y0, y1] : [y1, y0]
      const first = Math.max(0, Math.ceil((upper - top) * LINES - 0.5))
      const last = Math.min(lines - 1, Math.ceil((lower - top) * LINES - 0.5) - 1)
      const slope = (x1 - x0) / (y1 - y0)
      for (let line = first; line <= last; line++) {
        const y = top + (line + 0.5) / LINES
        found[line].x.push(x0 + (y - y0) * slope)
        found[line].way.push(y0 < y1 ? 1 : -1)
      }
    }
  }
  return found
}

/** Adds a line's stretch from `from` to `to` (in pixels from the left edge) to its row. */
function addStretch(shares: Float32Array, row: number, width: number, from: number, to: number): void {
  const [a, b] = [Math.max(0, from), Math.min(width, to)]
  if (b <= a) return
  const [first, last] = [Math.floor(a), Math.min(width - 1, Math.floor(b))]
  const base = row * width
  if (first === last) {
    shares[base + first] += (b - a) / LINES
    return
  }
  shares[base + first] += (first + 1 - a) / LINES
  for (let x = first + 1; x < last; x++) shares[base + x] += 1 / LINES
  shares[base + last] += (b - last) / LINES
}

/** Sorts short lists of crossings by position, in place. */
function sortCrossings(x: number[], way: number[]): void {
  for (let i = 1; i < x.length; i++) {
    const [px, pw] = [x[i], way[i]]
    let j = i - 1
    for (; j >= 0 && x[j] > px; j--) {
      x[j + 1] = x[j]
      way[j + 1] = way[j]
    }
    x[j + 1] = px
    way[j + 1] = pw
  }
}

/**
 * The coverage of closed outlines within a canvas of `width` x `height` pixels: only sums, products and roots, so that
 * every machine finds the same. Undefined where nothing lies on the canvas.
 */
export function cover(
  polygons: readonly Polygon[],
  rule: FillRule,
  canvasWidth: number,
  canvasHeight = canvasWidth,
): Coverage | undefined {
  const extent = extentOf(polygons)
  const left = Math.max(0, Math.floor(extent[0]))
  const top = Math.max(0, Math.floor(extent[1]))
  const width = Math.min(canvasWidth, Math.ceil(extent[2])) - left
  const height = Math.min(canvasHeight, Math.ceil(extent[3])) - top
  if (!(width > 0 && height > 0)) return undefined
  const shares = new Float32Array(width * height)
  for (const [line, { x, way }] of crossings(polygons, top, height * LINES).entries()) {
    sortCrossings(x, way)
    const row = Math.floor(line / LINES)
    let winding = 0
    for (let i = 0; i + 1 < x.length; i++) {
      winding += rule === 'nonzero' ? way[i] : 1
      if (rule === 'nonzero' ? winding !== 0 : winding % 2 !== 0) {
        addStretch(shares, row, width, x[i] - left, x[i + 1] - left)
      }
    }
  }
  return { left, top, width, height, shares }
}

/** Where both cover. */
export function intersect(a: Coverage, b: Coverage): Coverage {
  const shares = a.shares.slice()
  for (let y = 0; y < a.height; y++) {
    for (let x = 0; x < a.width; x++) {
      const [bx, by] = [x + a.left - b.left, y + a.top - b.top]
      const inside = bx >= 0 && by >= 0 && bx < b.width && by < b.height
      shares[y * a.width + x] *= inside ? b.shares[by * b.width + bx] : 0
    }
  }
  return { ...a, shares }
}
