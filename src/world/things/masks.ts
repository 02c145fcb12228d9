import { round2 } from '../geometry.ts'
import { cover } from '../raster/coverage.ts'
import { extentOf } from '../raster/polygon.ts'
import type { Box } from '../scene.ts'
import { type Area, silhouetteOf } from './areas.ts'
import type { Art } from './art.ts'
import type { Item } from './item.ts'

/** 1 for every pixel that is at least half covered, row by row. */
function maskOf(areas: readonly Pick<Area, 'polygons' | 'rule'>[], size: number): Uint8Array {
  const mask = new Uint8Array(size * size)
  for (const { polygons, rule } of areas) {
    const area = cover(polygons, rule, size)
    if (!area) continue
    for (let y = 0; y < area.height; y++) {
      for (let x = 0; x < area.width; x++) {
        if (area.shares[y * area.width + x] >= 0.5) mask[(y + area.top) * size + x + area.left] = 1
      }
    }
  }
  return mask
}

/** For every pixel the last item whose mask holds it, as its index plus one; 0 for none. */
function topmost(masks: readonly Uint8Array[], size: number): Uint8Array {
  const map = new Uint8Array(size * size)
  for (const [index, mask] of masks.entries()) for (let at = 0; at < map.length; at++) if (mask[at]) map[at] = index + 1
  return map
}

/** For every pixel the item that is seen there, as its index plus one; 0 for the background. `size` x `size`, row by row. */
export const itemMap = (items: readonly Item[], size: number, art?: Art): Uint8Array =>
  topmost(
    items.map((item) => maskOf(silhouetteOf(item, art), size)),
    size,
  )

function countOf(map: Uint8Array, value: number): number {
  let count = 0
  for (let at = 0; at < map.length; at++) if (map[at] === value) count++
  return count
}

const isInside = ([left, top, right, bottom]: Box, size: number): boolean =>
  left >= 0 && top >= 0 && right <= size && bottom <= size

/** The items with their boxes, cut off at the canvas, and what share of each is seen. */
export function withSight(items: readonly Item[], size: number, art?: Art): Item[] {
  const silhouettes = items.map((item) => silhouetteOf(item, art))
  const masks = silhouettes.map((areas) => maskOf(areas, size))
  const map = topmost(masks, size)
  return items.map((item, index) => {
    const extent = extentOf(silhouettes[index].flatMap(({ polygons }) => polygons))
    const moved = { ...item, x: size / 2, y: size / 2 }
    const whole = countOf(isInside(extent, size) ? masks[index] : maskOf(silhouetteOf(moved, art), size), 1)
    const visible = whole > 0 ? Math.min(1, Math.round((100 * countOf(map, index + 1)) / whole) / 100) : 0
    const box = extent.map((value) => round2(Math.min(size, Math.max(0, value)))) as unknown as Box
    return { ...item, box, visible }
  })
}
