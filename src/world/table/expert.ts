import { FoveaError } from '../../errors.ts'
import { distance, type Goal, isReached, SIDE } from './goal.ts'
import { type Action, MOST_STEP, type OnTable, REACH, step, type Table } from './table.ts'

/** Where a thing is to be put. */
interface Move {
  readonly thing: number
  readonly x: number
  readonly y: number
}

/** Air between things that stand beside each other. */
const AIR = 0.02

/** Whether a thing has room at a place: on the table, and clear of all others but those in `ignore`. */
function hasRoom({ things }: Table, { thing, x, y }: Move, ignore: readonly number[] = []): boolean {
  const { radius } = things[thing]
  if (Math.min(x, y) < radius || Math.max(x, y) > 1 - radius) return false
  return things.every(
    (other, i) => i === thing || ignore.includes(i) || distance(other, { x, y }) >= radius + other.radius + AIR,
  )
}

/** Places in a fixed order, from the middle of an area outwards. */
function* around(x: number, y: number, reachX: number, reachY: number): Generator<readonly [number, number]> {
  const steps = [0, -0.5, 0.5, -1, 1]
  for (const dy of steps) for (const dx of steps) yield [x + dx * reachX, y + dy * reachY]
}

function placesFor({ things }: Table, goal: Exclude<Goal, { kind: 'swap' }>): Iterable<readonly [number, number]> {
  if (goal.kind === 'at') return around((goal.column + 0.5) / 3, (goal.row + 0.5) / 3, 0.1, 0.1)
  const [thing, other] = [things[goal.thing], things[goal.other]]
  const apart = thing.radius + other.radius + 2 * AIR
  if (goal.kind === 'near') {
    return Object.values(SIDE).map(([sx, sy]) => [other.x + sx * apart, other.y + sy * apart] as const)
  }
  const [sx, sy] = SIDE[goal.place]
  const [x, y] = [other.x + sx * (apart + 0.08), other.y + sy * (apart + 0.08)]
  return around(x, y, sx === 0 ? 0.1 : 0.07, sy === 0 ? 0.1 : 0.07)
}

function findRoom(
  table: Table,
  thing: number,
  places: Iterable<readonly [number, number]>,
  ignore?: readonly number[],
) {
  for (const [x, y] of places) if (hasRoom(table, { thing, x, y }, ignore)) return { thing, x, y }
  return undefined
}

function planSwap(table: Table, goal: Extract<Goal, { kind: 'swap' }>): Move[] | undefined {
  const { thing, other, from, to } = goal
  const aside = findRoom(table, thing, around(0.5, 0.5, 0.38, 0.38))
  const moves = [
    { thing: other, x: from[0], y: from[1] },
    { thing, x: to[0], y: to[1] },
  ]
  const fits = moves.every((move) => hasRoom(table, move, [thing, other]))
  return aside && fits ? [aside, ...moves] : undefined
}

/** Moves that reach a goal; undefined where there is no room. */
function plan(table: Table, goal: Goal): Move[] | undefined {
  if (goal.kind === 'swap') return planSwap(table, goal)
  const move = findRoom(table, goal.thing, placesFor(table, goal))
  return move && [move]
}

/** As far as one step goes, in ten-thousandths of the table. */
const bounded = (value: number): number => Math.round(1e4 * Math.max(-MOST_STEP, Math.min(MOST_STEP, value))) / 1e4 + 0

/** A step towards a place; undefined once the gripper is there. */
function towards({ gripper }: Table, { x, y }: Pick<OnTable, 'x' | 'y'>, closed: boolean): Action | undefined {
  if (distance(gripper, { x, y }) < REACH / 3) return undefined
  return { dx: bounded(x - gripper.x), dy: bounded(y - gripper.y), closed }
}

/** What the expert does for one move: it goes there, closes, carries, and opens. */
export function nextAction(table: Table, move: Move): Action {
  const isHolding = table.gripper.holds === move.thing
  if (isHolding) return towards(table, move, true) ?? { dx: 0, dy: 0, closed: false }
  return towards(table, table.things[move.thing], false) ?? { dx: 0, dy: 0, closed: true }
}

/** Longest run of the expert. */
const MOST_ACTIONS = 300

/**
 * The expert's actions from a table to a goal. Throws FoveaError kind `input` `world-episode` where the goal cannot be reached:
 * nothing is where it would have to stand, but there is no room.
 */
export function solve(table: Table, goal: Goal): Action[] {
  const missing = [goal.thing, ...(goal.kind === 'at' ? [] : [goal.other])].find((index) => !table.things[index])
  const moves = missing === undefined ? plan(table, goal) : undefined
  const actions: Action[] = []
  let state = table
  for (const move of moves ?? []) {
    const isPlaced = () => state.gripper.holds === undefined && distance(state.things[move.thing], move) < REACH
    while (!isPlaced() && actions.length < MOST_ACTIONS) {
      const action = nextAction(state, move)
      actions.push(action)
      state = step(state, action)
    }
  }
  if (moves && isReached(state, goal)) return actions
  const why =
    missing === undefined ? 'there is no room where the thing would have to stand' : `the table has no thing ${missing}`
  throw new FoveaError('world-episode', 'input', `This episode cannot be solved: ${why}; use another goal or table`)
}
