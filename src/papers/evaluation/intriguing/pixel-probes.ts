/** Probes on pixels: cells in another order, and parts that are black. */
import type { RgbImage } from '../../../media/image.ts'
import type { Rng } from '../../../world/rng.ts'

/** Cells of a G x G grid in another order; pixels beyond whole cells stay. G = 0 or 1 leaves the image as it is. */
export function shuffleGrid(image: RgbImage, side: number, rng: Rng): RgbImage {
  if (side < 2) return image
  const [w, h] = [Math.floor(image.width / side), Math.floor(image.height / side)]
  const order = rng.shuffle(Array.from({ length: side * side }, (_, i) => i))
  const data = image.data.slice()
  for (const [cell, source] of order.entries())
    for (let y = 0; y < h; y++) {
      const row = (of: number) => 3 * ((Math.floor(of / side) * h + y) * image.width + (of % side) * w)
      data.set(image.data.subarray(row(source), row(source) + 3 * w), row(cell))
    }
  return { ...image, data }
}

/** How patches are chosen to be hidden. */
export type Occlusion = 'random' | 'salient' | 'non-salient'

/** Hides `round(ratio side^2)` cells of a grid under black; salience is one number per cell, row by row. */
export function occlude(
  image: RgbImage,
  side: number,
  ratio: number,
  by: Occlusion,
  { rng, salience }: { rng: Rng; salience: readonly number[] },
): RgbImage {
  const drawn = rng.shuffle(Array.from({ length: side * side }, (_, i) => i))
  const sign = by === 'salient' ? -1 : 1
  const order = by === 'random' ? drawn : drawn.sort((a, b) => sign * (salience[a] - salience[b]))
  const hidden = new Set(order.slice(0, Math.round(ratio * side * side)))
  const data = image.data.map((value, at) => {
    const pixel = Math.floor(at / 3)
    const column = Math.floor(((pixel % image.width) * side) / image.width)
    const row = Math.floor((Math.floor(pixel / image.width) * side) / image.height)
    return hidden.has(row * side + column) ? 0 : value
  })
  return { ...image, data }
}

/** Share of `k` nearest neighbours by inner product, the point itself left out, that two sets of features have in common. */
export function mutualNeighbours(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  k: number,
): number {
  const shared = a.map((_, i) => {
    const own = new Set(neighbours(a, i, k))
    return neighbours(b, i, k).filter((other) => own.has(other)).length / k
  })
  return shared.reduce((sum, share) => sum + share, 0) / a.length
}

function neighbours(rows: readonly (readonly number[])[], i: number, k: number): number[] {
  const likeness = rows.map((row) => row.reduce((sum, x, at) => sum + x * rows[i][at], 0))
  const others = rows.map((_, at) => at).filter((at) => at !== i)
  return others.sort((x, y) => likeness[y] - likeness[x] || x - y).slice(0, k)
}
