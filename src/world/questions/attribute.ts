import { objectBox, toThousandths } from '../geometry.ts'
import { type Attribute, describe, pickReferable } from './refer.ts'
import { phrase, type Task } from './task.ts'

/** A task that asks for one attribute of one object; the reference never names that attribute. */
export function attributeTask(attribute: Attribute, templates: readonly string[], values: readonly string[]): Task {
  return {
    id: attribute,
    scenes: ['objects', 'grid', 'text'],
    ask(scene, rng) {
      const found = pickReferable(scene, rng, [attribute])
      if (!found) return undefined
      return {
        task: attribute,
        question: phrase(rng, templates, { object: describe(found.filter) }),
        answer: found.object[attribute],
        box: toThousandths(objectBox(found.object), scene.size),
        candidates: values,
      }
    },
  }
}
