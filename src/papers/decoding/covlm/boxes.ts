/** From what a detector says of every cell of a square grid to regions of it. Lengths are in pixels of the view. */

export interface Box {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly score: number
}

/**
 * The box of a cell (YOLOX, arXiv 2107.08430, section 2.1): centre ((tx + gx) s, (ty + gy) s), size (e^tw s, e^th s), score
 * sigmoid(objectness).
 */
export function decodeBox(
  [tx, ty, tw, th, objectness]: readonly number[],
  cell: { readonly x: number; readonly y: number },
  stride: number,
): Box {
  const [cx, cy] = [(tx + cell.x) * stride, (ty + cell.y) * stride]
  const [width, height] = [Math.exp(tw) * stride, Math.exp(th) * stride]
  return {
    x1: cx - width / 2,
    y1: cy - height / 2,
    x2: cx + width / 2,
    y2: cy + height / 2,
    score: 1 / (1 + Math.exp(-objectness)),
  }
}

/** Boxes of all cells, [g, g, 5] in raster order. */
export function decodeBoxes(values: Float32Array, grid: number, stride: number): Box[] {
  return Array.from({ length: grid * grid }, (_, at) =>
    decodeBox([...values.subarray(5 * at, 5 * at + 5)], { x: at % grid, y: Math.floor(at / grid) }, stride),
  )
}

/** Sides count both their pixels. */
const area = (x1: number, y1: number, x2: number, y2: number): number =>
  Math.max(0, x2 - x1 + 1) * Math.max(0, y2 - y1 + 1)

function overlap(a: Box, b: Box): number {
  const both = area(Math.max(a.x1, b.x1), Math.max(a.y1, b.y1), Math.min(a.x2, b.x2), Math.min(a.y2, b.y2))
  return both / (area(a.x1, a.y1, a.x2, a.y2) + area(b.x1, b.y1, b.x2, b.y2) - both)
}

/** Non-maximum suppression: from the highest score down, boxes that overlap none before them by more than `most`. */
export function suppress(boxes: readonly Box[], most: number): Box[] {
  const kept: Box[] = []
  for (const box of [...boxes].sort((a, b) => b.score - a.score))
    if (kept.every((other) => overlap(box, other) <= most)) kept.push(box)
  return kept
}

/** The cells of a region, first and last included. */
export interface Region {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

/** Corners in [0, 1] times g, truncated and kept in the grid; a region has one cell at least. */
export function regionOf(box: Omit<Box, 'score'>, grid: number): Region {
  const cell = (part: number) => Math.min(grid - 1, Math.max(0, Math.trunc(part * grid)))
  const [x1, y1] = [cell(box.x1), cell(box.y1)]
  return { x1, y1, x2: Math.max(x1, cell(box.x2)), y2: Math.max(y1, cell(box.y2)) }
}

/** The mean of the features of a region, out of those of the grid, [g * g, d]. */
export function meanOf(features: Float32Array, { x1, y1, x2, y2 }: Region, grid: number): Float32Array {
  const width = features.length / (grid * grid)
  const mean = new Float32Array(width)
  const count = (x2 - x1 + 1) * (y2 - y1 + 1)
  for (let y = y1; y <= y2; y++)
    for (let x = x1; x <= x2; x++)
      for (let i = 0; i < width; i++) mean[i] += features[(y * grid + x) * width + i] / count
  return mean
}
