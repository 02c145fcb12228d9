import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { COLORS, SHAPES } from '../vocabulary.ts'
import { describeMany, type Filter, filterOf, namesHeldOut, select } from './refer.ts'
import { phrase, type Task } from './task.ts'

const TEMPLATES = [
  'how many {things} are there?',
  'how many {things} do you see?',
  'count the {things}.',
  'what is the number of {things}?',
  'how many {things} does the image show?',
  'tell me how many {things} there are.',
]

/** Counts that are asked for. */
export const COUNTS = Array.from({ length: 9 }, (_, i) => String(i))

/**
 * Every filter by nothing, colour, shape or both that some object passes, and a few that none does. Beside words every
 * filter names a shape, since a word might pass for an object.
 */
function candidateFilters(scene: Scene, rng: Rng): Filter[] {
  const all: Filter[] = [{}, { color: rng.pick(COLORS) }, { shape: rng.pick(SHAPES) }]
  all.push({ color: rng.pick(COLORS), shape: rng.pick(SHAPES) })
  for (const object of scene.objects) {
    all.push(filterOf(object, ['color']), filterOf(object, ['shape']), filterOf(object, ['color', 'shape']))
  }
  const useful = all.filter((filter) => !namesHeldOut(filter) || select(scene, filter).length > 0)
  return scene.words.length > 0 ? useful.filter((filter) => filter.shape !== undefined) : useful
}

/** Counts above one are rarer in scenes, so one of the possible counts is drawn first, then a question for it. */
export const countTask: Task = {
  id: 'count',
  scenes: ['objects', 'grid', 'text'],
  ask(scene, rng) {
    const groups = new Map<number, Filter[]>()
    for (const filter of candidateFilters(scene, rng)) {
      const count = select(scene, filter).length
      if (count < COUNTS.length) groups.set(count, [...(groups.get(count) ?? []), filter])
    }
    const counts = [...groups.keys()].filter((count) => count > 1 || rng.chance(0.6))
    if (counts.length === 0) return undefined
    const count = rng.pick(counts)
    const question = phrase(rng, TEMPLATES, { things: describeMany(rng.pick(groups.get(count)!)) })
    return { task: 'count', question, answer: String(count), candidates: COUNTS }
  },
}
