import { isDark } from '../background.ts'
import { round2 } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Background, Grid, SceneObject } from '../scene.ts'
import type { Size } from '../vocabulary.ts'
import { makeObject, pickLooks } from './objects.ts'

/** Sizes whose objects fit into a cell: with four cells a side only small ones do. */
function pickCellSize(cells: number, rng: Rng): Size {
  if (cells >= 4) return 'small'
  return cells === 3 ? rng.pick(['small', 'medium'] as const) : rng.pick(['small', 'medium', 'large'] as const)
}

/** A ruled grid of 2-4 by 2-4 square cells with an object in the middle of most of them. */
export function makeGrid(
  background: Background,
  canvas: number,
  heldOut: boolean,
  rng: Rng,
): { grid: Grid; objects: SceneObject[] } {
  const [rows, columns] = [rng.int(2, 4), rng.int(2, 4)]
  const cell = round2((0.96 * canvas) / Math.max(rows, columns))
  const left = round2((canvas - columns * cell) / 2)
  const top = round2((canvas - rows * cell) / 2)
  const looks = pickLooks(rows * columns, background, heldOut ? 'pair' : undefined, rng)
  const objects: SceneObject[] = []
  const cells = rng.shuffle(looks).map((look, i) => {
    if (rng.chance(0.12) && !(heldOut && look === looks[0])) return -1
    const x = left + (i % columns) * cell + cell / 2
    const y = top + Math.floor(i / columns) * cell + cell / 2
    return objects.push(makeObject(look, pickCellSize(Math.max(rows, columns), rng), canvas, x, y, rng)) - 1
  })
  const ink = isDark(background) ? ([150, 150, 150] as const) : ([110, 110, 110] as const)
  return { grid: { rows, columns, left, top, cell, cells, ink }, objects }
}
