import { PLACES, type Place, say, type WorldTongue } from '../language/index.ts'
import type { Rng } from '../rng.ts'
import type { OnTable, Table } from './table.ts'

/** What is to be reached; things are indices into those of the table. */
export type Goal =
  | { readonly kind: 'beside'; readonly thing: number; readonly place: Place; readonly other: number }
  | { readonly kind: 'near'; readonly thing: number; readonly other: number }
  | { readonly kind: 'at'; readonly thing: number; readonly row: number; readonly column: number }
  | {
      readonly kind: 'swap'
      readonly thing: number
      readonly other: number
      readonly from: readonly [number, number]
      readonly to: readonly [number, number]
    }

/** How far to a side counts as beside, and how far off the line still does. */
const BESIDE = { least: 0.08, off: 0.16 }
const NEAR = 0.3
const SWAPPED = 0.08

export const distance = (a: Pick<OnTable, 'x' | 'y'>, b: Pick<OnTable, 'x' | 'y'>): number =>
  Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2)

/** One step to a side. */
export const SIDE: Readonly<Record<Place, readonly [number, number]>> = {
  'left of': [-1, 0],
  'right of': [1, 0],
  above: [0, -1],
  below: [0, 1],
}

/** Whether a goal is reached, and the gripper has let go. */
export function isReached({ things, gripper }: Table, goal: Goal): boolean {
  if (gripper.holds !== undefined) return false
  const thing = things[goal.thing]
  if (goal.kind === 'at') {
    return Math.floor(thing.y * 3) === goal.row && Math.floor(thing.x * 3) === goal.column
  }
  const other = things[goal.other]
  if (goal.kind === 'near') return distance(thing, other) <= NEAR
  if (goal.kind === 'swap') {
    const [x, y] = goal.to
    return distance(thing, { x, y }) <= SWAPPED && distance(other, { x: goal.from[0], y: goal.from[1] }) <= SWAPPED
  }
  const [sx, sy] = SIDE[goal.place]
  const along = (thing.x - other.x) * sx + (thing.y - other.y) * sy
  const off = Math.abs((thing.x - other.x) * sy) + Math.abs((thing.y - other.y) * sx)
  return along >= BESIDE.least && off <= BESIDE.off
}

/** A goal about things of a table, which may be reached already. */
export function pickGoal({ things }: Table, rng: Rng): Goal {
  const [thing, other] = rng.shuffle(things.map((_, i) => i))
  const kind = rng.weighted({ beside: 50, near: 15, at: 25, swap: 10 })
  if (kind === 'beside') return { kind, thing, other, place: rng.pick(PLACES) }
  if (kind === 'at') return { kind, thing, row: rng.int(0, 2), column: rng.int(0, 2) }
  if (kind === 'near') return { kind, thing, other }
  const [a, b] = [things[thing], things[other]]
  return { kind, thing, other, from: [a.x, a.y], to: [b.x, b.y] }
}

/** A goal as an instruction. */
export function instruct({ things }: Table, goal: Goal, tongue: WorldTongue, rng: Rng): string {
  const the = (index: number) => tongue.the(tongue.phrase({ name: things[index].name }))
  const slots = { the: the(goal.thing), other: goal.kind === 'at' ? '' : the(goal.other) }
  if (goal.kind === 'beside') return say(tongue, rng, 'putBeside', { ...slots, place: tongue.places[goal.place] })
  if (goal.kind === 'at') return say(tongue, rng, 'putAt', { ...slots, part: tongue.part(goal.row, goal.column) })
  return say(tongue, rng, goal.kind === 'near' ? 'gather' : 'swap', slots)
}
