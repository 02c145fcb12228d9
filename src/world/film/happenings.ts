import { round2 } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Item } from '../things/item.ts'
import { TINTS } from '../things/tint.ts'
import type { Happening, HappeningKind } from './film.ts'
import { directionOf, pickPath } from './paths.ts'

/** What a happening is made for. */
export interface Making {
  readonly size: number
  /** First frame of the shot and the frame after its last. */
  readonly from: number
  readonly to: number
  readonly actors: readonly Item[]
  readonly actor: number
  readonly rng: Rng
}

type Make = (making: Making) => Omit<Happening, 'kind' | 'actor'> | undefined

/** From the second frame of the shot on: a start, and an end `least` to `most` frames later. */
function stretch({ from, to, rng }: Making, least: number, most: number): { from: number; to: number } | undefined {
  const last = to - 1
  if (from + 1 + least > last + 1) return undefined
  const start = rng.int(from + 1, last - least + 1)
  return { from: start, to: rng.int(start + least - 1, Math.min(last, start + most - 1)) }
}

const moment: Make = (making) => {
  const at = stretch(making, 1, 1)
  return at && { from: at.from, to: at.from }
}

const during: Make = (making) => stretch(making, 2, Math.max(2, Math.ceil((making.to - making.from) / 2)))

const move: Make = (making) => {
  const at = during(making)
  const found = pickPath(making.actors[making.actor], making.size, making.rng)
  return at && found && { ...at, ...found }
}

const recolor: Make = (making) => {
  const { color } = making.actors[making.actor]
  const at = moment(making)
  return at && { ...at, color: making.rng.pick(TINTS.filter((tint) => tint !== color)) }
}

/** It is gone in every second frame, and there again after the last time. */
const blink: Make = (making) => {
  const longest = Math.floor((making.to - making.from - 1) / 2)
  if (longest < 1) return undefined
  const times = making.rng.int(1, Math.min(4, longest))
  const at = stretch({ ...making, to: making.to - 1 }, 2 * times - 1, 2 * times - 1)
  return at && { ...at, times }
}

/** Another actor, and the way to it that ends `short` pixels before its middle. */
function wayTo({ actors, actor, rng }: Making, short: (other: Item) => number) {
  const other = rng.int(0, actors.length - 1)
  if (other === actor) return undefined
  const [a, b] = [actors[actor], actors[other]]
  const distance = Math.sqrt((b.x - a.x) ** 2 + (b.y - a.y) ** 2)
  const share = (distance - short(b)) / distance
  if (distance * share < 0.2 * 192) return undefined
  const path = [round2((b.x - a.x) * share), round2((b.y - a.y) * share)] as const
  return { other, path, direction: directionOf(path) }
}

const collide: Make = (making) => {
  const at = during(making)
  const way = wayTo(making, (other) => 0.85 * (other.radius + making.actors[making.actor].radius))
  return at && way && { ...at, ...way }
}

/** It goes behind an actor that is larger and drawn later, and half of the time comes back. */
const hide: Make = (making) => {
  const { actors, actor, to, rng } = making
  const at = stretch({ ...making, to: to - 1 }, 2, 3)
  const way = wayTo(making, () => 0)
  if (!at || !way || way.other < actor || actors[way.other].radius < 1.35 * actors[actor].radius) return undefined
  const back = rng.chance(0.5) && at.to + 1 < to ? { back: rng.int(at.to + 1, to - 1) } : {}
  return { ...at, ...way, ...back }
}

export const MAKE: Readonly<Record<HappeningKind, Make>> = {
  enter: moment,
  leave: moment,
  move,
  turn: during,
  grow: during,
  shrink: during,
  recolor,
  blink,
  collide,
  hide,
  flash: moment,
}
