import { objectBox, toThousandths } from '../geometry.ts'
import { holds, isHeldOutAxis, RELATIONS, type Relation } from '../held-out.ts'
import type { Rng } from '../rng.ts'
import type { Scene, SceneObject } from '../scene.ts'
import { describe, refer } from './refer.ts'
import { phrase, type QA, type Task, YES_NO } from './task.ts'

const TEMPLATES = [
  'is {a} {relation} {b}?',
  'is {a} placed {relation} {b}?',
  'does {a} lie {relation} {b}?',
  'can you see {a} {relation} {b}?',
  'do you find {a} {relation} {b}?',
]
const SIDEWAYS = ['is {a} to the {side} of {b}?', 'is {a} on the {side} side of {b}?']

function phraseRelation(rng: Rng, relation: Relation, a: string, b: string): string {
  const [side, of] = relation.split(' ')
  if (of === undefined || rng.chance(0.6)) return phrase(rng, TEMPLATES, { a, b, relation })
  return phrase(rng, SIDEWAYS, { a, b, side })
}

const OPPOSITE: Record<Relation, Relation> = {
  'left of': 'right of',
  'right of': 'left of',
  above: 'below',
  below: 'above',
}

/** Whether the scene lets a relation of two objects be asked about, with its truth. */
function truth(scene: Scene, a: SceneObject, relation: Relation, b: SceneObject): boolean | undefined {
  if (!scene.heldOut && isHeldOutAxis(a.color, relation, b.color)) return undefined
  return holds(a, relation, b, scene.size)
}

/**
 * Asks whether one object stands in a relation to another, given the noun phrases for them; undefined where no relation
 * between them is clear. Yes and no are equally frequent.
 */
export function askRelation(
  scene: Scene,
  [a, nameA]: [SceneObject, string],
  [b, nameB]: [SceneObject, string],
  rng: Rng,
): QA | undefined {
  const clear = RELATIONS.filter((relation) => truth(scene, a, relation, b) === true)
  if (clear.length === 0) return undefined
  const answer = rng.pick(YES_NO)
  const held = rng.pick(clear)
  const relation = answer === 'yes' ? held : OPPOSITE[held]
  const [box, other] = [a, b].map((object) => toThousandths(objectBox(object), scene.size))
  const question = phraseRelation(rng, relation, nameA, nameB)
  return { task: 'relation', question, answer, box, other, candidates: YES_NO }
}

/** Compares the centres of two objects along one axis, where they are clearly apart. */
export const relationTask: Task = {
  id: 'relation',
  scenes: ['objects', 'grid'],
  ask(scene, rng) {
    if (scene.objects.length < 2) return undefined
    for (let attempt = 0; attempt < 6; attempt++) {
      const [a, b] = rng.shuffle(scene.objects)
      const [first, second] = [refer(scene, a, rng), refer(scene, b, rng)]
      if (!first || !second) continue
      const qa = askRelation(scene, [a, `the ${describe(first)}`], [b, `the ${describe(second)}`], rng)
      if (qa) return qa
    }
    return undefined
  },
}
