import { RELATION_MARGIN } from '../../held-out.ts'
import { PLACES, type Place } from '../../language/index.ts'
import type { Side } from '../../language/tongue.ts'
import { type Item, nameOf } from '../item.ts'
import { answerOf, boxOfItem, itemsOf, pickNamed, theOf } from './names.ts'
import { thingTask, yesNo } from './task.ts'

/** The middle of the box that is seen. */
export const middleOf = ({ box }: Pick<Item, 'box'>): [number, number] => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]

/** Whether one item stands so to another: true or false where it is clear, undefined within the margin. */
export function stands(a: Item, place: Place, b: Item, size: number): boolean | undefined {
  const axis = place === 'left of' || place === 'right of' ? 0 : 1
  const ahead = middleOf(b)[axis] - middleOf(a)[axis]
  const signed = place === 'left of' || place === 'above' ? ahead : -ahead
  return Math.abs(signed) < RELATION_MARGIN * size ? undefined : signed > 0
}

const SIDES: Readonly<Record<Place, Side>> = { 'left of': 'left', 'right of': 'right', above: 'up', below: 'down' }

/** Whether one thing stands left of, right of, above or below another, and which of two is further to a side. */
export const relationTask = thingTask('thing-relation', ({ scene, rng, tongue, say }) => {
  const items = itemsOf(scene)
  const first = pickNamed(items, rng)
  const second =
    first &&
    pickNamed(
      items.filter((item) => item !== first.item),
      rng,
    )
  const stillOne =
    second && items.filter((item) => answerOf(tongue, item) === answerOf(tongue, second.item)).length === 1
  if (!first || !second || !stillOne) return undefined
  const place = rng.pick(PLACES)
  const truth = stands(first.item, place, second.item, scene.size)
  if (truth === undefined) return undefined
  const [the, other] = [theOf(tongue, first.named), theOf(tongue, second.named)]
  const [box, otherBox] = [boxOfItem(scene, first.item), boxOfItem(scene, second.item)]
  if (rng.chance(0.6)) {
    const question = say('relation', { the, other, place: tongue.places[place] })
    return { question, answer: truth ? tongue.yes : tongue.no, box, other: otherBox, candidates: yesNo(tongue) }
  }
  const question = say('further', { the, other, side: tongue.sides[SIDES[place]] })
  const candidates = [first, second].map(({ item }) => answerOf(tongue, item))
  if (candidates[0] === candidates[1]) return undefined
  return { question, answer: candidates[truth ? 0 : 1], box, other: otherBox, candidates }
})

export const boxTask = thingTask('thing-box', ({ scene, rng, tongue, say }) => {
  const found = pickNamed(itemsOf(scene), rng)
  if (!found) return undefined
  const box = boxOfItem(scene, found.item)
  return { question: say('box', { the: theOf(tongue, found.named) }), answer: box.join(','), box }
})

/** The middle of the box; an answer is right where it lies on the thing. */
export const pointTask = thingTask('thing-point', ({ scene, rng, tongue, say }) => {
  const found = pickNamed(itemsOf(scene), rng)
  if (!found) return undefined
  const box = boxOfItem(scene, found.item)
  const answer = `${Math.round((box[0] + box[2]) / 2)},${Math.round((box[1] + box[3]) / 2)}`
  return { question: say('point', { the: theOf(tongue, found.named) }), answer, box }
})

const isCut = ({ x, y, radius }: Item, size: number): boolean => Math.min(x, y, size - x, size - y) < radius

const boxesMeet = ({ box: a }: Item, { box: b }: Item): boolean =>
  a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]

/** Every item that one single later item partly covers, with that one. */
function coveredPairs(items: readonly Item[], size: number): [Item, Item][] {
  const isUnique = (item: Item) => items.filter((other) => nameOf(other) === nameOf(item)).length === 1
  return items.flatMap((lower, i) => {
    const above = items.slice(i + 1).filter((other) => boxesMeet(lower, other))
    const isPair = above.length === 1 && lower.visible <= 0.93 && !isCut(lower, size)
    return isPair && isUnique(lower) && isUnique(above[0]) ? [[lower, above[0]] as [Item, Item]] : []
  })
}

/** Of two things of which one covers part of the other, the upper one. */
export const frontTask = thingTask('thing-front', ({ scene, rng, tongue, say }) => {
  const pairs = coveredPairs(itemsOf(scene), scene.size)
  if (pairs.length === 0) return undefined
  const [lower, upper] = rng.pick(pairs)
  const said = rng.shuffle([lower, upper])
  const [the, other] = said.map((item) => theOf(tongue, { name: nameOf(item) }))
  const [box, covered] = [boxOfItem(scene, upper), boxOfItem(scene, lower)]
  const candidates = said.map((item) => answerOf(tongue, item))
  return { question: say('front', { the, other }), answer: answerOf(tongue, upper), box, other: covered, candidates }
})
