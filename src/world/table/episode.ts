import { FoveaError } from '../../errors.ts'
import { tongueOf } from '../language/index.ts'
import { Rng } from '../rng.ts'
import { assertKey } from '../sample-key.ts'
import { candidates, pickName } from '../things/cast.ts'
import { isHeldOutMeeting } from '../things/held-out.ts'
import { assertVendors, type ThingSceneKey } from '../things/make-thing-scene.ts'
import { TRAINED_VENDORS } from '../things/table.ts'
import { solve } from './expert.ts'
import { distance, type Goal, instruct, isReached, pickGoal } from './goal.ts'
import { type Action, type OnTable, step, type Table } from './table.ts'

/** An instruction on a table, with what an expert does. */
export interface Episode {
  readonly start: Table
  readonly goal: Goal
  readonly instruction: string
  readonly actions: readonly Action[]
}

export interface EpisodeKey extends Pick<ThingSceneKey, 'split' | 'seed' | 'index' | 'art' | 'vendors'> {
  readonly language?: string
}

/** Two to five things apart from each other; training shows no two together that are kept for tests. */
function makeTable({ art, split, vendors = TRAINED_VENDORS }: EpisodeKey, rng: Rng): Table {
  const { vendor, things } = candidates({ art, vendors }, rng)
  const placed: OnTable[] = []
  const count = rng.int(2, 5)
  for (let attempt = 0; attempt < 200 && placed.length < count; attempt++) {
    const radius = Math.round(rng.float(0.07, 0.1) * 1e3) / 1e3
    const [x, y] = [rng.float(radius, 1 - radius), rng.float(radius, 1 - radius)].map(
      (value) => Math.round(value * 1e3) / 1e3,
    )
    const name = pickName(things, rng)
    const mayJoin = placed.every(
      (other) => other.name !== name && (split === 'test' || !isHeldOutMeeting(name, other.name)),
    )
    const isFree = placed.every((other) => distance(other, { x, y }) > other.radius + radius + 0.03)
    if (mayJoin && isFree) placed.push({ name, vendor, x, y, radius })
  }
  return { things: placed, gripper: { x: 0.5, y: 0.5, closed: false } }
}

/** An episode, a function of its key and the art: a goal that is not reached at the start, and that an expert reaches. */
export function makeEpisode(key: EpisodeKey): Episode {
  assertKey(key)
  assertVendors(key.split, key.vendors ?? TRAINED_VENDORS, key.art)
  const tongue = tongueOf(key.language ?? 'en')
  const rng = Rng.from(key.seed, 'world', key.split, 'episode', key.index)
  for (;;) {
    const start = makeTable(key, rng)
    if (start.things.length < 2) continue
    const goal = pickGoal(start, rng)
    if (isReached(start, goal)) continue
    try {
      return { start, goal, instruction: instruct(start, goal, tongue, rng), actions: solve(start, goal) }
    } catch (error) {
      if (!(error instanceof FoveaError && error.code === 'world-episode')) throw error
    }
  }
}

/** Every state of an episode under some actions, the start first. */
export function play({ start }: Pick<Episode, 'start'>, actions: readonly Action[]): Table[] {
  const states = [start]
  for (const action of actions) states.push(step(states[states.length - 1], action))
  return states
}
