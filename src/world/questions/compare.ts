import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { COLORS, SHAPES } from '../vocabulary.ts'
import { describeMany, type Filter, select } from './refer.ts'
import { phrase, type QA, type Task, YES_NO } from './task.ts'

const MORE = [
  'are there more {a} than {b}?',
  'do you see more {a} than {b}?',
  'does the image show more {a} than {b}?',
  'is the number of {a} larger than the number of {b}?',
]
const FEWER = [
  'are there fewer {a} than {b}?',
  'do you see fewer {a} than {b}?',
  'does the image show fewer {a} than {b}?',
  'is the number of {a} smaller than the number of {b}?',
]
const SAME = [
  'are there as many {a} as {b}?',
  'do you see as many {a} as {b}?',
  'is the number of {a} the same as the number of {b}?',
  'are there equally many {a} and {b}?',
]
const WHICH = [
  'which are there more of, {a} or {b}?',
  'what do you see more of, {a} or {b}?',
  'are {a} or {b} more numerous?',
  'which group is larger, the {a} or the {b}?',
]

interface Pair {
  a: Filter
  b: Filter
  /** Count of a minus count of b. */
  difference: number
}

/** Ordered pairs of two colours or of two shapes, of which at least one occurs. */
function groupPairs(scene: Scene, rng: Rng): Pair[] {
  const colors = [...new Set([...scene.objects.map((o) => o.color), rng.pick(COLORS)])].map((color) => ({ color }))
  const shapes = [...new Set([...scene.objects.map((o) => o.shape), rng.pick(SHAPES)])].map((shape) => ({ shape }))
  const pairsOf = (filters: Filter[]) =>
    filters.flatMap((a) =>
      filters
        .filter((b) => b !== a)
        .map((b) => ({ a, b, difference: select(scene, a).length - select(scene, b).length })),
    )
  return [...pairsOf(colors), ...pairsOf(shapes)]
}

function yesNo(rng: Rng, templates: readonly string[], yes: Pair[], no: Pair[]): QA {
  const answer = rng.pick(YES_NO)
  const { a, b } = rng.pick(answer === 'yes' ? yes : no)
  const question = phrase(rng, templates, { a: describeMany(a), b: describeMany(b) })
  return { task: 'compare', question, answer, candidates: YES_NO }
}

function which(rng: Rng, unequal: Pair[]): QA {
  const { a, b, difference } = rng.pick(unequal)
  const names = { a: describeMany(a), b: describeMany(b) }
  const answer = difference > 0 ? names.a : names.b
  return { task: 'compare', question: phrase(rng, WHICH, names), answer, candidates: [names.a, names.b] }
}

/** Compares the counts of two groups; every form needs pairs for both answers, which keeps them balanced. */
export const compareTask: Task = {
  id: 'compare',
  scenes: ['objects', 'grid'],
  ask(scene, rng) {
    const pairs = groupPairs(scene, rng)
    const more = pairs.filter((pair) => pair.difference > 0)
    const fewer = pairs.filter((pair) => pair.difference < 0)
    const same = pairs.filter((pair) => pair.difference === 0)
    if (more.length === 0) return undefined
    const form = rng.weighted({ more: 30, fewer: 25, which: 25, same: same.length > 0 ? 20 : 0 })
    if (form === 'which') return which(rng, [...more, ...fewer])
    if (form === 'same') return yesNo(rng, SAME, same, [...more, ...fewer])
    return form === 'more' ? yesNo(rng, MORE, more, fewer) : yesNo(rng, FEWER, fewer, more)
  },
}
