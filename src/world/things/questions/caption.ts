import type { Named, WorldTongue } from '../../language/index.ts'
import type { Rng } from '../../rng.ts'
import type { Scene } from '../../scene.ts'
import { COLORS } from '../../vocabulary.ts'
import { type Item, nameOf } from '../item.ts'
import { THINGS } from '../table.ts'
import { aOf, groupOf, itemsOf } from './names.ts'
import { middleOf } from './place.ts'
import { thingTask, yesNo } from './task.ts'

/** Something that a caption counts. */
export interface Fact {
  readonly named: Named
  readonly count: number
}

/** Least distance of two things from left to right for their order to be clear, as a fraction of the canvas. */
const ORDER_MARGIN = 0.03

/** Things by name from left to right, by the leftmost of each name; undefined where that order is unclear. */
export function factsOf({ items = [], size }: Pick<Scene, 'items' | 'size'>): Fact[] | undefined {
  const sorted = [...items].sort((a, b) => middleOf(a)[0] - middleOf(b)[0])
  const names = [...new Set(sorted.map(nameOf))]
  const lefts = names.map((name) => middleOf(sorted.find((item) => nameOf(item) === name)!)[0])
  if (lefts.some((x, i) => i > 0 && x - lefts[i - 1] < ORDER_MARGIN * size)) return undefined
  return names.map((name) => {
    const same = sorted.filter((item) => nameOf(item) === name)
    const color = same.every((item) => item.color === same[0].color) && isTold(same[0]) ? same[0].color : undefined
    return { named: { name, ...(color && { color }) }, count: same.length }
  })
}

/** Captions tell a colour where it is not the usual one, and that of shapes. */
const isTold = (item: Item): boolean => item.kind === 'figure' || item.tint !== undefined

export const captionOf = (tongue: WorldTongue, facts: readonly Fact[]): string =>
  tongue.and(facts.map(({ named, count }) => tongue.counted(count, named)))

export const captionTask = thingTask('thing-caption', ({ scene, tongue, say }) => {
  const facts = factsOf(scene)
  if (!facts || facts.length > 5) return undefined
  return { question: say('caption'), answer: captionOf(tongue, facts) }
})

/** Row and column of nine parts of the picture; undefined near a border between them. */
export function partOf([x, y]: readonly [number, number], size: number): [number, number] | undefined {
  const [column, row] = [x, y].map((value) => {
    const thirds = (3 * value) / size
    return Math.abs(thirds - Math.round(thirds)) < 0.12 && thirds > 0.5 && thirds < 2.5
      ? -1
      : Math.min(2, Math.floor(thirds))
  })
  return row < 0 || column < 0 ? undefined : [row, column]
}

/** What is where, from left to right. */
export const storyTask = thingTask('thing-story', ({ scene, tongue, say }) => {
  const items = [...itemsOf(scene)].sort((a, b) => middleOf(a)[0] - middleOf(b)[0])
  if (items.length < 2 || items.length > 5 || !factsOf(scene)) return undefined
  const parts = items.map((item) => partOf(middleOf(item), scene.size))
  if (parts.some((part) => !part)) return undefined
  const clauses = items.map((item, i) => {
    const a = aOf(tongue, { name: nameOf(item), color: item.color })
    return say('located', { a, part: tongue.part(...parts[i]!) })
  })
  return { question: say('story'), answer: tongue.and(clauses) }
})

/** The facts with one of them changed: another thing of the group, another number, or another colour. */
export function withSwap(facts: readonly Fact[], items: readonly Item[], rng: Rng): Fact[] {
  const at = rng.int(0, facts.length - 1)
  const { named, count } = facts[at]
  const kind = rng.weighted({ name: 50, count: 25, color: named.color ? 40 : 0 })
  const replace = (fact: Fact) => facts.map((old, i) => (i === at ? fact : old))
  if (kind === 'count') return replace({ named, count: count === 1 ? 2 : count + rng.pick([-1, 1]) })
  if (kind === 'color')
    return replace({ count, named: { ...named, color: rng.pick(COLORS.filter((c) => c !== named.color)) } })
  const item = items.find((candidate) => nameOf(candidate) === named.name)!
  const present = new Set(items.map(nameOf))
  const others = THINGS.filter(({ name, group }) => !present.has(name) && (rng.chance(0.5) || group === groupOf(item)))
  return replace({ count, named: { ...named, name: rng.pick(others).name } })
}

/** Whether a caption is true: half of the time one fact of it was changed. */
export const fitsTask = thingTask('thing-fits', ({ scene, rng, tongue, say }) => {
  const facts = factsOf(scene)
  if (!facts || facts.length > 5) return undefined
  const isTrue = rng.chance(0.5)
  const caption = captionOf(tongue, isTrue ? facts : withSwap(facts, itemsOf(scene), rng))
  return { question: say('fits', { caption }), answer: isTrue ? tongue.yes : tongue.no, candidates: yesNo(tongue) }
})
