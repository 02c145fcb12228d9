import { overlap } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Box } from '../scene.ts'
import type { Spot } from './cast.ts'

export interface SpotOptions {
  /** Side of the canvas in pixels. */
  readonly size: number
  /** Smallest and largest radius, as a fraction of the canvas. */
  readonly radius: readonly [number, number]
  /** Boxes that stay free. */
  readonly taken?: readonly Box[]
  /** Largest overlap of two boxes, as a share of the smaller one. */
  readonly overlap?: number
  /** Whether things may reach over the edge. */
  readonly truncate?: boolean
}

export const boxAround = ({ x, y, radius }: Spot): Box => [x - radius, y - radius, x + radius, y + radius]

function findSpot(options: SpotOptions, taken: readonly Box[], rng: Rng): Spot | undefined {
  const { size, overlap: most = 0.05, truncate = false } = options
  for (let attempt = 0; attempt < 60; attempt++) {
    const [small, large] = options.radius
    const radius = size * rng.float(small, large - ((large - small) * attempt) / 60)
    const margin = truncate ? radius * 0.5 : radius + 1
    const [x, y] = [rng.float(margin, size - margin), rng.float(margin, size - margin)]
    const spot = { x, y, radius }
    const blocked = options.taken?.some((box) => overlap(box, boxAround(spot)) > 0)
    if (!blocked && taken.every((box) => overlap(box, boxAround(spot)) <= most)) return spot
  }
  return undefined
}

/** Up to `count` places for things; fewer where no more find room. */
export function findSpots(count: number, options: SpotOptions, rng: Rng): Spot[] {
  const spots: Spot[] = []
  for (let i = 0; i < count; i++) {
    const spot = findSpot(options, spots.map(boxAround), rng)
    if (spot) spots.push(spot)
  }
  return spots
}
