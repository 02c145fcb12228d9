/** LLaVA-UHD's partition of an image into slices of nearly the shape that the encoder was trained on (arXiv 2403.11703, section 3.1). */
import type { Grid } from '../vision-side.ts'
import type { Extent } from './view.ts'

export interface SliceOptions {
  /** S: side in pixels of the square that the encoder was trained on. */
  readonly side: number
  /** p: side in pixels of a patch. */
  readonly patch: number
  /** N_max: most slices. */
  readonly most: number
}

/**
 * m columns and n rows for N = ceil(W H / S^2), at most N_max: of the grids of N - 1, N or N + 1 slices the one of largest
 * score -|ln(W n / (H m))| (eq. 2). Among equals the one of fewer slices counts, then that of fewer columns. Undefined
 * where the image is not larger than one slice.
 */
export function sliceGrid({ width, height }: Extent, { side, most }: SliceOptions): Grid | undefined {
  const ideal = Math.min(Math.ceil((width * height) / side ** 2), most)
  if (ideal <= 1) return undefined
  const score = ({ columns, rows }: Grid) => -Math.abs(Math.log(width / height) - Math.log(columns / rows))
  const counts = [ideal - 1, ideal, ideal + 1].filter((count) => count > 1 && count <= most)
  return counts.flatMap(gridsOf).reduce((best, grid) => (score(grid) > score(best) ? grid : best))
}

/** All grids of so many cells, narrow before wide. */
const gridsOf = (count: number): Grid[] =>
  Array.from({ length: count }, (_, at) => ({ columns: at + 1, rows: count / (at + 1) })).filter(({ rows }) =>
    Number.isInteger(rows),
  )

/**
 * The size in whole patches at which an image is encoded: its own shape, and at most the area that the encoder was trained
 * on. A smaller image is enlarged to that only where `enlarge` says so.
 */
export function bestSize({ width, height }: Extent, { side, patch }: SliceOptions, enlarge = false): Extent {
  const whole = (length: number) => Math.max(Math.floor(length / patch) * patch, patch)
  if (width * height <= side ** 2 && !enlarge) return { width: whole(width), height: whole(height) }
  const ratio = width / height
  const high = Math.trunc(side / Math.sqrt(ratio))
  return { width: whole(Math.trunc(high * ratio)), height: whole(high) }
}

/** The size of each slice of an image in a grid. */
export function sliceSize({ width, height }: Extent, { columns, rows }: Grid, options: SliceOptions): Extent {
  const part = (length: number, parts: number) => Math.max(Math.floor(length / parts), 1)
  return bestSize({ width: part(width, columns), height: part(height, rows) }, options, true)
}
