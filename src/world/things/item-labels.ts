import type { Scene } from '../scene.ts'
import { COLORS } from '../vocabulary.ts'
import type { Art } from './art.ts'
import { nameOf } from './item.ts'
import { itemMap } from './masks.ts'
import { GROUPS, THINGS, thingNamed } from './table.ts'

/** Number of classes of each label, the class 0 ("none") included; class i + 1 is entry i of `THINGS`, `GROUPS`, `COLORS`. */
export const ITEM_CLASSES = { name: THINGS.length + 1, group: GROUPS.length + 1, color: COLORS.length + 1 } as const

/** Ground truth for every cell of a `grid` x `grid` division of a scene of things, row by row; `box` 4 to a cell. */
export interface ItemLabels {
  readonly grid: number
  /** Index into `scene.items`, -1 for none. */
  readonly item: Int32Array
  /** Classes of `ITEM_CLASSES`; shapes have neither name nor group. */
  readonly name: Int32Array
  readonly group: Int32Array
  readonly color: Int32Array
  /** Left, top, right, bottom of that item in 0..1 of the canvas, zeros for none. */
  readonly box: Float32Array
}

/** Share of a cell that an item must cover to own it. */
const LEAST_SHARE = 1 / 3
const indexOfName = new Map(THINGS.map(({ name }, i) => [name, i]))

/** For every cell the item that covers most of it, if that is enough. */
function owners(map: Uint8Array, size: number, grid: number): Int32Array {
  const counts = Array.from({ length: grid * grid }, () => new Map<number, number>())
  for (const [at, value] of map.entries()) {
    const [row, column] = [Math.floor(((at / size) | 0) * (grid / size)), Math.floor((at % size) * (grid / size))]
    if (value > 0) counts[row * grid + column].set(value, (counts[row * grid + column].get(value) ?? 0) + 1)
  }
  const least = LEAST_SHARE * (size / grid) ** 2
  return Int32Array.from(counts, (cell) => {
    const [item, count] = [...cell].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])
    return count >= least ? item - 1 : -1
  })
}

/** Dense labels of a scene of things, from its masks. Throws RangeError for a grid that is no positive integer. */
export function itemLabels(scene: Scene, grid: number, art?: Art): ItemLabels {
  if (!Number.isInteger(grid) || grid < 1) throw new RangeError(`itemLabels: grid must be a positive integer: ${grid}`)
  const { items = [], size } = scene
  const item = owners(itemMap(items, size, art), size, grid)
  const classes = (of: (index: number) => number) => Int32Array.from(item, (index) => (index < 0 ? 0 : of(index) + 1))
  const box = new Float32Array(4 * grid * grid)
  for (const [cell, index] of item.entries()) {
    if (index >= 0)
      box.set(
        items[index].box.map((side) => side / size),
        4 * cell,
      )
  }
  return {
    grid,
    item,
    name: classes((index) => indexOfName.get(nameOf(items[index])) ?? -1),
    group: classes((index) =>
      items[index].kind === 'thing' ? GROUPS.indexOf(thingNamed(nameOf(items[index])).group) : -1,
    ),
    color: classes((index) => (items[index].color ? COLORS.indexOf(items[index].color!) : -1)),
    box,
  }
}
