import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { COLORS, SHAPES, SIZES } from '../vocabulary.ts'
import { COUNTS } from './count.ts'
import { describe, filterOf, select } from './refer.ts'
import { phrase, type QA, YES_NO } from './task.ts'

/** A question with options, one of which is right. */
export interface Choice {
  readonly task: string
  readonly question: string
  readonly options: readonly string[]
  /** Place of the right one among the options. */
  readonly right: number
}

/** Options of a question. */
export const OPTIONS = 4

/** Answers of one kind each. */
const ANSWER_SETS: readonly (readonly string[])[] = [COLORS, SHAPES, SIZES, COUNTS, YES_NO]

/** The answer among `OPTIONS - 1` others, at a drawn place; undefined where there are not so many. */
function among(rng: Rng, task: string, question: string, answer: string, others: readonly string[]) {
  const wrong = rng.shuffle([...new Set(others)].filter((other) => other !== answer)).slice(0, OPTIONS - 1)
  if (wrong.length < OPTIONS - 1) return undefined
  const options = rng.shuffle([answer, ...wrong])
  return { task, question, options, right: options.indexOf(answer) } satisfies Choice
}

/** Wrong options from the question's own set of answers, each one word or digit; undefined where that is too small. */
export function choiceOf({ task, question, answer, candidates = [] }: QA, rng: Rng): Choice | undefined {
  const isShort = (text: string) => !/^\d\d+$/.test(text)
  return isShort(answer) ? among(rng, task, question, answer, candidates.filter(isShort)) : undefined
}

/**
 * The option leak: wrong options are answers of other kinds, so that the question alone tells which one fits. Undefined for
 * a question whose answers are of no kind.
 */
export function leakedOptions({ task, question, answer }: QA, rng: Rng): Choice | undefined {
  const own = ANSWER_SETS.find((set) => set.includes(answer))
  return own && among(rng, task, question, answer, ANSWER_SETS.filter((set) => set !== own).flat())
}

const LEAKY = [
  'what color is the {object}?',
  'which color does the {object} have?',
  'what is the color of the {object}?',
]

/** The question leak: the colour that is asked for stands in the question. Undefined where no object is the only such one. */
export function leakedAnswer(scene: Scene, rng: Rng): Choice | undefined {
  for (const object of rng.shuffle(scene.objects)) {
    const filter = filterOf(object, ['color', 'shape'])
    if (select(scene, filter).length > 1) continue
    const question = phrase(rng, LEAKY, { object: describe(filter) })
    return among(rng, 'color', question, object.color, COLORS)
  }
  return undefined
}

const CORNERS = { circle: 0, triangle: 3, square: 4, diamond: 4, cross: 12 } as const
const NUMBERS = Array.from({ length: 13 }, (_, n) => String(n))

/** Knowledge that no image is needed for. */
export function cornersOf(rng: Rng): Choice {
  const shape = rng.pick(Object.keys(CORNERS) as (keyof typeof CORNERS)[])
  const question = phrase(rng, ['how many corners does a {shape} have?', 'count the corners of a {shape}.'], { shape })
  return among(rng, 'corners', question, String(CORNERS[shape]), NUMBERS)!
}

/** Arithmetic that no image is needed for. */
export function sumOf(rng: Rng): Choice {
  const [a, b] = [rng.int(0, 4), rng.int(0, 4)]
  const slots = { a: String(a), b: String(b) }
  const question = phrase(rng, ['what is {a} plus {b}?', 'how much is {a} plus {b}?', 'add {a} and {b}.'], slots)
  return among(rng, 'sum', question, String(a + b), COUNTS)!
}
