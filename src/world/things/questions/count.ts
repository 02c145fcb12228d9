import type { Named, WorldTongue } from '../../language/index.ts'
import type { Rng } from '../../rng.ts'
import type { Scene } from '../../scene.ts'
import { COLORS } from '../../vocabulary.ts'
import { isHeldOutTint } from '../held-out.ts'
import { type Item, nameOf } from '../item.ts'
import { GROUPS, THINGS, TRAINED_VENDORS, thingsOf } from '../table.ts'
import { answerOf, aOf, boxOfItem, groupOf, itemsOf, meant, pickNamed, theOf } from './names.ts'
import { type Asking, thingTask, yesNo } from './task.ts'

/** Counts that are asked for. */
export const COUNTS = Array.from({ length: 10 }, (_, count) => String(count))

/** A thing that is not there: half of the time of a group that is, or a thing that is there in another colour. */
export function absentThing(items: readonly Item[], rng: Rng): Named | undefined {
  const groups = new Set(items.map(groupOf))
  const near = rng.chance(0.5) ? THINGS.filter(({ group }) => groups.has(group)) : thingsOf(TRAINED_VENDORS[0])
  const colored = items.filter(({ color }) => color !== undefined)
  for (let attempt = 0; attempt < 20; attempt++) {
    const inColor = colored.length > 0 && rng.chance(0.25)
    const name = inColor ? nameOf(rng.pick(colored)) : near.length > 0 ? rng.pick(near).name : undefined
    if (name === undefined) continue
    const named: Named = inColor ? { name, color: rng.pick(COLORS) } : { name }
    const isDoubtful = inColor && items.some((item) => nameOf(item) === name && !item.color)
    if (meant(items, named).length === 0 && !isDoubtful && !(named.color && isHeldOutTint(name, named.color)))
      return named
  }
  return undefined
}

/** Something that is there, by name, colour and name, or group. */
function presentThing(items: readonly Item[], rng: Rng): Named {
  const item = rng.pick(items)
  const group = groupOf(item)
  if (group && rng.chance(0.2)) return { group }
  const name = nameOf(item)
  return item.color && rng.chance(0.25) ? { name, color: item.color } : { name }
}

function absentGroup(items: readonly Item[], rng: Rng): Named {
  const groups = new Set(items.map(groupOf))
  return { group: rng.pick(GROUPS.filter((group) => !groups.has(group))) }
}

/** Whether something is there; yes and no come equally often. */
export const existTask = thingTask('thing-exist', ({ scene, rng, tongue, say }) => {
  const items = itemsOf(scene)
  const isThere = rng.chance(0.5)
  const absent = rng.chance(0.2) ? absentGroup(items, rng) : absentThing(items, rng)
  const named = isThere ? presentThing(items, rng) : absent
  if (!named || !absent) return undefined
  const found = meant(items, named)
  const box = found.length === 1 ? boxOfItem(scene, found[0]) : undefined
  const answer = isThere ? tongue.yes : tongue.no
  return { question: say('exist', { a: aOf(tongue, named) }), answer, ...(box && { box }), candidates: yesNo(tongue) }
})

/** Names, groups, and all things, with how many there are; a colour would leave doubts. */
function countable(items: readonly Item[], rng: Rng): Named[] {
  const names = [...new Set(items.map(nameOf))].map((name) => ({ name }))
  const groups = [...new Set(items.map(groupOf))].flatMap((group) => (group ? [{ group }] : []))
  const absent = absentThing(items, rng)
  const usable = absent && !absent.color ? [absent] : []
  return [...names, ...groups, ...(items.every(({ kind }) => kind === 'thing') ? [{}] : []), ...usable]
}

export function askCount({ rng, tongue, say }: Asking, items: readonly Item[], key: 'count' | 'total') {
  const groups = new Map<number, Named[]>()
  for (const named of countable(items, rng)) {
    const count = meant(items, named).length
    groups.set(count, [...(groups.get(count) ?? []), named])
  }
  const counts = [...groups.keys()].filter((count) => count < COUNTS.length && (count > 1 || rng.chance(0.6)))
  if (counts.length === 0) return undefined
  const count = rng.pick(counts)
  const phrase = tongue.phrase(rng.pick(groups.get(count)!), true)
  const question = say(key, { many: phrase.text, howMany: tongue.howMany(phrase) })
  return { question, answer: String(count), candidates: COUNTS }
}

export const countTask = thingTask('thing-count', (asking) => askCount(asking, itemsOf(asking.scene), 'count'))

const colorsIn = (tongue: WorldTongue) => COLORS.map((color) => tongue.color(color))

/** The colour of a thing, or the thing of a colour, where the word is fair. */
export const colorTask = thingTask('thing-color', ({ scene, rng, tongue, say }) => {
  const items = itemsOf(scene)
  const byColor = rng.chance(0.3) ? uniqueByColor(scene, rng) : undefined
  if (byColor) {
    const question = say('withColor', { color: tongue.color(byColor.color!) })
    return { question, answer: answerOf(tongue, byColor), box: boxOfItem(scene, byColor) }
  }
  const found = pickNamed(items, rng)
  if (!found?.item.color || found.named.color) return undefined
  const question = say('color', { the: theOf(tongue, found.named) })
  return {
    question,
    answer: tongue.color(found.item.color),
    box: boxOfItem(scene, found.item),
    candidates: colorsIn(tongue),
  }
})

/** The only item of its colour, in a scene where every item's colour can be said. */
function uniqueByColor(scene: Scene, rng: Rng): Item | undefined {
  const items = itemsOf(scene)
  if (items.length < 2 || scene.words.length > 0 || scene.chart || items.some(({ color }) => !color)) return undefined
  const unique = items.filter((item) => meant(items, { color: item.color }).length === 1)
  return unique.length > 0 ? rng.pick(unique) : undefined
}
