import { isHeldOutPair } from '../held-out.ts'
import type { Rng } from '../rng.ts'
import type { Scene, SceneObject } from '../scene.ts'
import { type Color, type Fill, plural, type Shape, type Size } from '../vocabulary.ts'

/** The attributes that a noun phrase names. */
export interface Filter {
  size?: Size
  fill?: Fill
  color?: Color
  shape?: Shape
}
export type Attribute = keyof Filter

/** The order in which a noun phrase names attributes. */
const ORDER: readonly Attribute[] = ['size', 'fill', 'color', 'shape']

/** Sets of attributes to refer by, the usual ones first. */
const REFERENCES: readonly (readonly Attribute[])[] = [
  ['color', 'shape'],
  ['shape'],
  ['color'],
  ['size', 'shape'],
  ['fill', 'shape'],
  ['size', 'color'],
  ['size', 'color', 'shape'],
  ['fill', 'color', 'shape'],
  ['size', 'fill', 'shape'],
  ['size', 'fill', 'color', 'shape'],
]

/** The objects that have all attributes of a filter. */
export function select(scene: Scene, filter: Filter): SceneObject[] {
  return scene.objects.filter((object) =>
    ORDER.every((key) => filter[key] === undefined || filter[key] === object[key]),
  )
}

/** "large striped red circle"; without a shape the noun is "object". */
export function describe(filter: Filter): string {
  return [filter.size, filter.fill, filter.color, filter.shape ?? 'object'].filter(Boolean).join(' ')
}

/** The plural of `describe`. */
export function describeMany(filter: Filter): string {
  return [filter.size, filter.fill, filter.color, plural(filter.shape ?? 'object')].filter(Boolean).join(' ')
}

/** The filter of an object's own values for some attributes. */
export function filterOf(object: SceneObject, keys: readonly Attribute[]): Filter {
  return Object.fromEntries(keys.map((key) => [key, object[key]]))
}

/**
 * A filter that only this object passes, not using the attributes in `without`; undefined where there is none. Beside
 * words it always names the shape, or the word itself might be meant.
 */
export function refer(
  scene: Scene,
  object: SceneObject,
  rng: Rng,
  without: readonly Attribute[] = [],
): Filter | undefined {
  const unique = REFERENCES.filter((keys) => !keys.some((key) => without.includes(key)))
    .map((keys) => filterOf(object, keys))
    .filter((filter) => scene.words.length === 0 || filter.shape !== undefined)
    .filter((filter) => select(scene, filter).length === 1)
  if (unique.length === 0) return undefined
  return rng.chance(0.5) ? unique[0] : rng.pick(unique.slice(0, 4))
}

/** A random object that can be referred to without ambiguity, with its filter. */
export function pickReferable(
  scene: Scene,
  rng: Rng,
  without: readonly Attribute[] = [],
): { object: SceneObject; filter: Filter } | undefined {
  for (const object of rng.shuffle(scene.objects)) {
    const filter = refer(scene, object, rng, without)
    if (filter) return { object, filter }
  }
  return undefined
}

/** Whether a filter names a held-out pair: asking training scenes about it would teach that the answer is no. */
export function namesHeldOut({ color, shape }: Filter): boolean {
  return color !== undefined && shape !== undefined && isHeldOutPair(color, shape)
}
