import { PLACES, type Place } from '../../language/index.ts'
import type { Rng } from '../../rng.ts'
import type { Item } from '../item.ts'
import { GROUPS } from '../table.ts'
import { answerOf, boxOfItem, groupOf, itemsOf, pointOf, referTo, theOf } from './names.ts'
import { stands } from './place.ts'
import { seenAt } from './seen.ts'
import { thingTask } from './task.ts'

/** A named item and the only other one that stands so to it; undefined where no item has such a neighbour. */
export function pickBeside(items: readonly Item[], size: number, rng: Rng) {
  for (const item of rng.shuffle(items)) {
    const named = referTo(items, item, rng)
    if (!named) continue
    const others = items.filter((other) => other !== item)
    for (const place of rng.shuffle<Place>(PLACES)) {
      const truths = others.map((other) => stands(other, place, item, size))
      const there = others.filter((_, i) => truths[i] === true)
      if (there.length === 1 && !truths.includes(undefined)) return { item, named, place, other: there[0] }
    }
  }
  return undefined
}

export const nameTask = thingTask('thing-name', ({ scene, rng, tongue, say }) => {
  const items = itemsOf(scene)
  if (items.length === 1) {
    return { question: say('nameThis'), answer: answerOf(tongue, items[0]), box: boxOfItem(scene, items[0]) }
  }
  if (rng.chance(0.5)) {
    const item = rng.pick(items)
    if (!seenAt(items, item)) return undefined
    const question = say('nameAt', { point: pointOf(scene, item) })
    return { question, answer: answerOf(tongue, item), box: boxOfItem(scene, item) }
  }
  const beside = pickBeside(items, scene.size, rng)
  if (!beside) return undefined
  const { item, named, place, other } = beside
  const question = say('nameBeside', { place: tongue.places[place], the: theOf(tongue, named) })
  return { question, answer: answerOf(tongue, other), box: boxOfItem(scene, other), other: boxOfItem(scene, item) }
})

/** Knowledge that no pixel shows: what kind of thing something is. The question never names it. */
export const groupTask = thingTask('thing-group', ({ scene, rng, tongue, say }) => {
  const items = itemsOf(scene)
  const item = rng.pick(items)
  const group = groupOf(item)
  if (!group || (items.length > 1 && !seenAt(items, item))) return undefined
  const question = items.length === 1 ? say('kindThis') : say('kindAt', { point: pointOf(scene, item) })
  const candidates = GROUPS.map((candidate) => tongue.kinds[candidate])
  return { question, answer: tongue.kinds[group], box: boxOfItem(scene, item), candidates }
})

/** The only thing of its group among others of one group. */
export const oddTask = thingTask('thing-odd', ({ scene, tongue, say }) => {
  const items = itemsOf(scene)
  if (items.length < 4) return undefined
  const alone = items.filter((item) => items.every((other) => other === item || groupOf(other) !== groupOf(item)))
  const rest = new Set(items.filter((item) => item !== alone[0]).map(groupOf))
  if (alone.length !== 1 || rest.size !== 1 || rest.has(undefined)) return undefined
  const candidates = items.map((item) => answerOf(tongue, item))
  return { question: say('odd'), answer: answerOf(tongue, alone[0]), box: boxOfItem(scene, alone[0]), candidates }
})
