import { toThousandths } from '../../geometry.ts'
import type { Named, WorldTongue } from '../../language/index.ts'
import type { QA } from '../../questions/task.ts'
import type { Rng } from '../../rng.ts'
import type { Scene } from '../../scene.ts'
import { type Item, nameOf } from '../item.ts'
import { type Group, thingNamed } from '../table.ts'

export const itemsOf = (scene: Scene): readonly Item[] => scene.items ?? []

/** The group of a thing; shapes have none. */
export const groupOf = (item: Item): Group | undefined =>
  item.kind === 'thing' ? thingNamed(item.name).group : undefined

/** The items that a phrase can mean. */
export function meant(items: readonly Item[], { name, group, color }: Named): Item[] {
  return items.filter(
    (item) =>
      (name === undefined || nameOf(item) === name) &&
      (group === undefined || groupOf(item) === group) &&
      (color === undefined || item.color === color),
  )
}

/** The shortest phrase that only this item fits; undefined where there is none. */
export function referTo(items: readonly Item[], item: Item, rng: Rng): Named | undefined {
  const name = nameOf(item)
  const ways: Named[] = [{ name }, ...(item.color ? [{ name, color: item.color }] : [])]
  const unique = ways.filter((way) => meant(items, way).length === 1 && !isDoubtful(items, way))
  if (unique.length === 0) return undefined
  return rng.chance(0.8) ? unique[0] : rng.pick(unique)
}

/** Whether a phrase with a colour might also mean an item of that name whose colour nobody can say. */
const isDoubtful = (items: readonly Item[], { name, color }: Named): boolean =>
  color !== undefined && items.some((item) => nameOf(item) === name && item.color === undefined)

/** A random item that can be named without doubt. */
export function pickNamed(items: readonly Item[], rng: Rng): { item: Item; named: Named } | undefined {
  for (const item of rng.shuffle(items)) {
    const named = referTo(items, item, rng)
    if (named) return { item, named }
  }
  return undefined
}

/** "the red apple" in a language. */
export const theOf = (tongue: WorldTongue, named: Named): string => tongue.the(tongue.phrase(named))
export const aOf = (tongue: WorldTongue, named: Named): string => tongue.a(tongue.phrase(named))

/** What an item is called, as an answer. */
export const answerOf = (tongue: WorldTongue, item: Item): string => tongue.phrase({ name: nameOf(item) }).text

export const boxOfItem = (scene: Pick<Scene, 'size'>, item: Item): NonNullable<QA['box']> =>
  toThousandths(item.box, scene.size)

/** The middle of what is seen of an item, as "512,300". */
export function pointOf(scene: Scene, item: Item): string {
  const [left, top, right, bottom] = boxOfItem(scene, item)
  return `${Math.round((left + right) / 2)},${Math.round((top + bottom) / 2)}`
}
