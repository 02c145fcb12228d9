/** Proposals by rule, where no language model is there that writes prompts. */
import type { Rng } from '../../../world/rng.ts'
import { ranked, SLOT, type Tried } from './search.ts'

const BEFORE = [
  '',
  'look at the image.',
  'please answer:',
  'question:',
  'in one word:',
  'look closely.',
  'think first.',
]
const AFTER = ['', 'answer:', 'answer in one word.', 'be exact.', 'say what you see.']

const joined = (...parts: readonly string[]): string => parts.filter(Boolean).join(' ')

/** All prompts of the grammar. */
export const ALL: readonly string[] = BEFORE.flatMap((before) => AFTER.map((after) => joined(before, SLOT, after)))

/** One drawn at random. */
export const drawn = (rng: Rng): string => joined(rng.pick(BEFORE), SLOT, rng.pick(AFTER))

/** The best so far with one of its sides drawn anew. */
export function varied(history: readonly Tried[], rng: Rng): string {
  const [before, after] = ranked(history)[0]
    .prompt.split(SLOT)
    .map((part) => part.trim())
  return rng.chance(0.5) ? joined(rng.pick(BEFORE), SLOT, after ?? '') : joined(before, SLOT, rng.pick(AFTER))
}
