import { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { isHeldOutMeeting } from '../things/held-out.ts'
import type { Thing } from '../things/item.ts'
import { makeThingScene, type ThingSceneKey } from '../things/make-thing-scene.ts'
import { THINGS } from '../things/table.ts'
import { TINTS } from '../things/tint.ts'
import { PARTNERS, POPULAR, PRIORS, TOGETHER } from './habits.ts'

/** Which scene of the bias set: training and validation follow the habits, tests break them. */
export type BiasKey = Omit<ThingSceneKey, 'layout' | 'names' | 'exactly' | 'tints'>

/** Names that may stand together in any split. */
function companions(names: readonly string[], count: number, rng: Rng): string[] {
  const found = [...names]
  const habits = new Set([...PARTNERS, ...PRIORS].flat().concat(POPULAR))
  const strangers = rng.shuffle(THINGS.filter(({ name }) => !habits.has(name)))
  for (const { name } of strangers) {
    if (found.length >= names.length + count) break
    if (found.every((other) => !isHeldOutMeeting(name, other))) found.push(name)
  }
  return found.slice(names.length)
}

/** What one scene shows: habitual things, as far as the split follows the habits, and a few others. */
function castOf(breaksHabits: boolean, rng: Rng): string[] {
  const pair = rng.shuffle(rng.pick(PARTNERS))
  const together = !breaksHabits && rng.chance(TOGETHER)
  const names: string[] = together ? [...pair] : [pair[0]]
  const popular = rng.pick(POPULAR)
  if (rng.chance(0.5)) names.push(popular)
  if (rng.chance(0.5)) names.push(rng.pick(PRIORS)[0])
  const allowed = names.filter((name, i) => names.slice(0, i).every((other) => !isHeldOutMeeting(name, other)))
  return rng.shuffle([...allowed, ...companions(allowed, rng.int(0, 2), rng)])
}

/** In tests what is always of one colour has another. */
function againstPrior(item: Thing, rng: Rng): Thing {
  const usual = PRIORS.find(([name]) => name === item.name)
  if (!usual) return item
  const tint = rng.pick(TINTS.filter((color) => color !== usual[1]))
  return { ...item, tint, color: tint }
}

/**
 * A scene of the bias set, a function of its key and the art. In training partners stand together, popular things in every
 * second scene, and what has a usual colour has it; in tests one partner stands alone and usual colours are exchanged.
 */
export function makeBiasScene(key: BiasKey): Scene {
  const rng = Rng.from(key.seed, 'world', key.split, 'bias', key.index)
  const breaksHabits = key.split === 'test'
  const exactly = castOf(breaksHabits, rng)
  const scene = makeThingScene({ ...key, seed: rng.uint32(), layout: 'free', tints: 0, exactly })
  if (!breaksHabits) return scene
  return { ...scene, items: scene.items!.map((item) => (item.kind === 'thing' ? againstPrior(item, rng) : item)) }
}
