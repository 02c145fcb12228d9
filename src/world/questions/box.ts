import { objectBox, toThousandths } from '../geometry.ts'
import { describe, pickReferable } from './refer.ts'
import { phrase, type Task } from './task.ts'

const TEMPLATES = [
  'give the box of the {object}.',
  'where is the {object}? give its box.',
  'what is the bounding box of the {object}?',
  'locate the {object}.',
  'find the {object} and give its box.',
  'which box holds the {object}?',
]

/** The answer is "x1,y1,x2,y2" in thousandths of the canvas side. */
export const boxTask: Task = {
  id: 'box',
  scenes: ['objects', 'grid', 'text'],
  ask(scene, rng) {
    const found = pickReferable(scene, rng)
    if (!found) return undefined
    const box = toThousandths(objectBox(found.object), scene.size)
    const question = phrase(rng, TEMPLATES, { object: describe(found.filter) })
    return { task: 'box', question, answer: box.join(','), box }
  },
}
