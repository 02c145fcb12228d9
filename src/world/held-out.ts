import type { Scene, SceneObject } from './scene.ts'
import type { Color, Shape } from './vocabulary.ts'

export const RELATIONS = ['left of', 'right of', 'above', 'below'] as const
export type Relation = (typeof RELATIONS)[number]

/** Pairs that no object of a training or validation scene has. */
export const HELD_OUT_PAIRS: readonly (readonly [Color, Shape])[] = [
  ['red', 'star'],
  ['blue', 'heart'],
  ['green', 'ring'],
  ['yellow', 'cross'],
  ['purple', 'square'],
  ['orange', 'diamond'],
  ['pink', 'triangle'],
  ['cyan', 'circle'],
]

/** Arrangements that no training or validation scene shows: an object of the first colour so placed to the second. */
export const HELD_OUT_RELATIONS: readonly (readonly [Color, Relation, Color])[] = [
  ['red', 'left of', 'green'],
  ['blue', 'above', 'yellow'],
  ['purple', 'right of', 'orange'],
]

/** Centres must differ by this fraction of the canvas before a relation is asked about, so that none is ambiguous. */
export const RELATION_MARGIN = 0.1

const pairKeys = new Set(HELD_OUT_PAIRS.map(([color, shape]) => `${color} ${shape}`))

export function isHeldOutPair(color: Color, shape: Shape): boolean {
  return pairKeys.has(`${color} ${shape}`)
}

/** True or false where the relation is clear, undefined within the margin. */
export function holds(a: SceneObject, relation: Relation, b: SceneObject, size: number): boolean | undefined {
  const horizontal = relation === 'left of' || relation === 'right of'
  const forward = horizontal ? b.x - a.x : b.y - a.y
  const signed = relation === 'left of' || relation === 'above' ? forward : -forward
  if (Math.abs(signed) < RELATION_MARGIN * size) return undefined
  return signed > 0
}

/**
 * Whether training data tells nothing balanced about two colours along an axis, because one order is held out.
 * Asking about it in training would teach the answer without the image.
 */
export function isHeldOutAxis(a: Color, relation: Relation, b: Color): boolean {
  const horizontal = relation === 'left of' || relation === 'right of'
  return HELD_OUT_RELATIONS.some(([first, held, second]) => {
    const sameAxis = horizontal === (held === 'left of' || held === 'right of')
    return sameAxis && ((first === a && second === b) || (first === b && second === a))
  })
}

/** Whether a scene shows any held-out pair or arrangement. */
export function showsHeldOut(scene: Scene): boolean {
  const { objects, size } = scene
  if (objects.some((object) => isHeldOutPair(object.color, object.shape))) return true
  return HELD_OUT_RELATIONS.some(([first, relation, second]) =>
    objects.some(
      (a) => a.color === first && objects.some((b) => b.color === second && holds(a, relation, b, size) === true),
    ),
  )
}
