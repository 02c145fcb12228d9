import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { COLORS, FILLS, SHAPES, SIZES, withArticle } from '../vocabulary.ts'
import { type Attribute, describe, type Filter, filterOf, namesHeldOut, select } from './refer.ts'
import { phrase, type Task, YES_NO } from './task.ts'

const TEMPLATES = [
  'is there {thing}?',
  'is there {thing} in the image?',
  'do you see {thing}?',
  'can you see {thing} here?',
  'does the image show {thing}?',
  'does the picture contain {thing}?',
]

const VALUES: Record<Attribute, readonly string[]> = { size: SIZES, fill: FILLS, color: COLORS, shape: SHAPES }

const KEY_SETS: Record<string, { keys: Attribute[]; weight: number }> = {
  pair: { keys: ['color', 'shape'], weight: 52 },
  shape: { keys: ['shape'], weight: 16 },
  color: { keys: ['color'], weight: 16 },
  size: { keys: ['size', 'shape'], weight: 8 },
  fill: { keys: ['fill', 'shape'], weight: 8 },
}
const KEY_WEIGHTS = Object.fromEntries(Object.entries(KEY_SETS).map(([name, { weight }]) => [name, weight]))

/** Beside words a colour alone is not asked for: a word has a colour too. */
const KEY_WEIGHTS_BESIDE_WORDS = { ...KEY_WEIGHTS, color: 0 }

/** Nothing in the scene passes it; half of the time each of its words is true of some object. */
export function absentFilter(scene: Scene, keys: readonly Attribute[], rng: Rng): Filter | undefined {
  for (let attempt = 0; attempt < 30; attempt++) {
    const mixed = rng.chance(0.5)
    const value = (key: Attribute) => (mixed ? rng.pick(scene.objects)[key] : rng.pick(VALUES[key]))
    const filter = Object.fromEntries(keys.map((key) => [key, value(key)])) as Filter
    if (!namesHeldOut(filter) && select(scene, filter).length === 0) return filter
  }
  return undefined
}

/** Yes and no are equally frequent, since the answer is drawn before the question. */
export const existTask: Task = {
  id: 'exist',
  scenes: ['objects', 'grid', 'text'],
  ask(scene, rng) {
    if (scene.objects.length === 0) return undefined
    const { keys } = KEY_SETS[rng.weighted(scene.words.length > 0 ? KEY_WEIGHTS_BESIDE_WORDS : KEY_WEIGHTS)]
    const absent = absentFilter(scene, keys, rng)
    if (!absent) return undefined
    const answer = rng.pick(YES_NO)
    const filter = answer === 'yes' ? filterOf(rng.pick(scene.objects), keys) : absent
    const question = phrase(rng, TEMPLATES, { thing: withArticle(describe(filter)) })
    return { task: 'exist', question, answer, candidates: YES_NO }
  },
}
