import { objectBox, toThousandths } from '../geometry.ts'
import { describe, filterOf } from './refer.ts'
import { phrase, type Task } from './task.ts'

const TEMPLATES = [
  'what is in row {row} column {column}?',
  'what do you see in row {row}, column {column}?',
  'which object is in row {row} and column {column}?',
  'name the object in column {column} of row {row}.',
  'row {row}, column {column}: what is there?',
  'tell me what row {row} column {column} holds.',
]

/** Rows count from the top and columns from the left, from 1; an empty cell holds "nothing". */
export const gridTask: Task = {
  id: 'grid',
  scenes: ['grid'],
  ask(scene, rng) {
    const { grid } = scene
    if (!grid) return undefined
    const filled = grid.cells.flatMap((index, cell) => (index >= 0 ? [cell] : []))
    const cell = rng.chance(0.9) ? rng.pick(filled) : rng.int(0, grid.cells.length - 1)
    const object = scene.objects[grid.cells[cell]]
    const question = phrase(rng, TEMPLATES, {
      row: String(Math.floor(cell / grid.columns) + 1),
      column: String((cell % grid.columns) + 1),
    })
    if (!object) return { task: 'grid', question, answer: 'nothing' }
    const box = toThousandths(objectBox(object), scene.size)
    return { task: 'grid', question, answer: describe(filterOf(object, ['color', 'shape'])), box }
  },
}
