import { overlap, round2 } from '../geometry.ts'
import { DIRECTIONS, type Direction } from '../language/index.ts'
import type { Rng } from '../rng.ts'
import type { Box } from '../scene.ts'
import type { Item } from '../things/item.ts'

const DIAGONAL = Math.SQRT1_2

/** One step in a direction. */
export const STEP: Readonly<Record<Direction, readonly [number, number]>> = {
  up: [0, -1],
  'up right': [DIAGONAL, -DIAGONAL],
  right: [1, 0],
  'down right': [DIAGONAL, DIAGONAL],
  down: [0, 1],
  'down left': [-DIAGONAL, DIAGONAL],
  left: [-1, 0],
  'up left': [-DIAGONAL, -DIAGONAL],
}

/** Everywhere that an item passes on a path. */
export function sweptBox(
  { x, y, radius }: Pick<Item, 'x' | 'y' | 'radius'>,
  [dx, dy]: readonly [number, number] = [0, 0],
): Box {
  return [
    Math.min(x, x + dx) - radius,
    Math.min(y, y + dy) - radius,
    Math.max(x, x + dx) + radius,
    Math.max(y, y + dy) + radius,
  ]
}

/** Largest overlap of what two actors pass over, as a share of the smaller. */
const MOST_OVERLAP = 0.15

export const areClear = (boxes: readonly Box[]): boolean =>
  boxes.every((a, i) => boxes.slice(i + 1).every((b) => overlap(a, b) <= MOST_OVERLAP))

/** A direction and a path within the canvas; undefined where the item has no room to move. */
export function pickPath(
  { x, y, radius }: Item,
  size: number,
  rng: Rng,
): { direction: Direction; path: readonly [number, number] } | undefined {
  for (const direction of rng.shuffle(DIRECTIONS)) {
    const [dx, dy] = STEP[direction]
    const length = size * rng.float(0.28, 0.6)
    const [endX, endY] = [x + dx * length, y + dy * length]
    if (Math.min(endX, endY) < radius || Math.max(endX, endY) > size - radius) continue
    return { direction, path: [round2(dx * length), round2(dy * length)] }
  }
  return undefined
}

/** The compass direction that is nearest to a path. */
export function directionOf([dx, dy]: readonly [number, number]): Direction {
  const along = (direction: Direction) => STEP[direction][0] * dx + STEP[direction][1] * dy
  return DIRECTIONS.reduce((best, direction) => (along(direction) > along(best) ? direction : best))
}
