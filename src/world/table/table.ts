import { FoveaError } from '../../errors.ts'
import type { Vendor } from '../things/table.ts'

/** A thing on the table: its middle and radius in units of the table, 0 to 1. */
export interface OnTable {
  readonly name: string
  readonly vendor: Vendor
  readonly x: number
  readonly y: number
  readonly radius: number
}

/** The state of the simulator. */
export interface Table {
  readonly things: readonly OnTable[]
  readonly gripper: { readonly x: number; readonly y: number; readonly closed: boolean; readonly holds?: number }
}

/** A step of the gripper, and whether it is then closed. */
export interface Action {
  readonly dx: number
  readonly dy: number
  readonly closed: boolean
}

/** Longest step along an axis. */
export const MOST_STEP = 0.08
/** Distance from a thing's middle at which it can be gripped. */
export const REACH = 0.03

const round = (value: number): number => Math.round(value * 1e4) / 1e4 + 0

function assertAction({ dx, dy }: Action): void {
  if (Math.abs(dx) <= MOST_STEP + 1e-9 && Math.abs(dy) <= MOST_STEP + 1e-9) return
  const message = `The gripper cannot step by (${dx}, ${dy}): at most ${MOST_STEP} along each axis`
  throw new FoveaError('world-action', 'usage', message)
}

/** The thing that a gripper at a place takes hold of: the nearest within reach. */
function graspedAt({ things }: Table, x: number, y: number): number | undefined {
  const distances = things.map((thing) => Math.sqrt((thing.x - x) ** 2 + (thing.y - y) ** 2))
  const nearest = distances.indexOf(Math.min(...distances))
  return distances[nearest] <= REACH ? nearest : undefined
}

/**
 * The table after an action: the gripper moves, with what it holds; then it closes, and takes hold of a thing within reach,
 * or opens. At the edge of the table it stops. Throws FoveaError kind `usage` `world-action` for a step that is too long.
 */
export function step(table: Table, action: Action): Table {
  assertAction(action)
  const { gripper } = table
  const x = round(Math.min(1, Math.max(0, gripper.x + action.dx)))
  const y = round(Math.min(1, Math.max(0, gripper.y + action.dy)))
  const things = table.things.map((thing, i) => (i === gripper.holds ? { ...thing, x, y } : thing))
  const isClosing = action.closed && !gripper.closed
  const holds = isClosing ? graspedAt({ ...table, things }, x, y) : action.closed ? gripper.holds : undefined
  return { things, gripper: { x, y, closed: action.closed, ...(holds !== undefined && { holds }) } }
}
