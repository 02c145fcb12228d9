/** RoIAlign (Mask R-CNN, arXiv 1703.06870, section 3) over the cells of a fixed grid, as the matrix that it is. */
import type { Grid } from '../vision-side.ts'

/**
 * A map of `grid` is divided into `side` x `side` cells, and each of them sampled at `bins` places: rows of the matrix are
 * the places, cell after cell in raster order, columns the patches: [side^2 bins.rows bins.columns, grid.rows
 * grid.columns]. Every row sums to 1. As torchvision has it with `aligned` false and an adaptive number of samples: no
 * shift by half a pixel, and a cell is at least one patch wide and high.
 */
export function roiAlignMatrix(grid: Grid, side: number, bins: Grid): Float32Array {
  const down = samples(grid.rows, side, bins.rows)
  const across = samples(grid.columns, side, bins.columns)
  const rows: Float32Array[] = []
  for (let i = 0; i < side; i++)
    for (let j = 0; j < side; j++)
      for (const y of down[i])
        for (const x of across[j]) rows.push(Float32Array.from(y.flatMap((v) => Array.from(x, (h) => v * h))))
  const matrix = new Float32Array(rows.length * grid.rows * grid.columns)
  for (const [at, row] of rows.entries()) matrix.set(row, at * row.length)
  return matrix
}

/** Along one axis of `length` patches: for each cell and bin, how much of every patch is in it. */
function samples(length: number, cells: number, bins: number): number[][][] {
  return Array.from({ length: cells }, (_, cell) => {
    const start = (cell * length) / cells
    const bin = Math.max(length / cells, 1) / bins
    const count = Math.ceil(bin)
    return Array.from({ length: bins }, (_, at) => {
      const shares = new Array<number>(length).fill(0)
      for (let sample = 0; sample < count; sample++)
        spread(shares, start + at * bin + ((sample + 0.5) * bin) / count, 1 / count)
      return shares
    })
  })
}

/** Linear interpolation between the two patches around a place; patches lie at whole places, the last goes on. */
function spread(shares: number[], place: number, weight: number): void {
  const last = shares.length - 1
  const low = Math.min(Math.floor(place), last)
  const rest = low === last ? 0 : place - low
  shares[low] += weight * (1 - rest)
  if (rest > 0) shares[low + 1] += weight * rest
}
