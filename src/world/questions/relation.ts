import { holds, isHeldOutAxis, RELATIONS, type Relation } from '../held-out.ts'
import type { Rng } from '../rng.ts'
import type { Scene, SceneObject } from '../scene.ts'
import { describe, refer } from './refer.ts'
import { phrase, type QA, type Task, YES_NO } from './task.ts'

const TEMPLATES = [
  'is the {a} {relation} the {b}?',
  'is the {a} placed {relation} the {b}?',
  'does the {a} lie {relation} the {b}?',
  'can you see the {a} {relation} the {b}?',
  'do you find the {a} {relation} the {b}?',
]
const SIDEWAYS = ['is the {a} to the {side} of the {b}?', 'is the {a} on the {side} side of the {b}?']

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

function askAbout(scene: Scene, a: SceneObject, b: SceneObject, rng: Rng): QA | undefined {
  const clear = RELATIONS.filter((relation) => truth(scene, a, relation, b) === true)
  const [first, second] = [refer(scene, a, rng), refer(scene, b, rng)]
  if (clear.length === 0 || !first || !second) return undefined
  const answer = rng.pick(YES_NO)
  const held = rng.pick(clear)
  const relation = answer === 'yes' ? held : OPPOSITE[held]
  const question = phraseRelation(rng, relation, describe(first), describe(second))
  return { task: 'relation', question, answer, candidates: YES_NO }
}

/** Compares the centres of two objects along one axis, where they are clearly apart. */
export const relationTask: Task = {
  id: 'relation',
  scenes: ['objects', 'grid'],
  ask(scene, rng) {
    if (scene.objects.length < 2) return undefined
    for (let attempt = 0; attempt < 6; attempt++) {
      const [a, b] = rng.shuffle(scene.objects)
      const qa = askAbout(scene, a, b, rng)
      if (qa) return qa
    }
    return undefined
  },
}
