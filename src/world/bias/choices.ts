import { tongueOf } from '../language/index.ts'
import type { Choice } from '../questions/choice.ts'
import type { QA } from '../questions/task.ts'
import { hashOf, Rng } from '../rng.ts'
import { assertKey } from '../sample-key.ts'
import type { Scene } from '../scene.ts'
import { nameOf } from '../things/item.ts'
import { makeThingScene, type ThingSceneKey } from '../things/make-thing-scene.ts'
import { THING_TASKS } from '../things/questions/index.ts'
import { itemsOf, theOf } from '../things/questions/names.ts'
import { GROUPS, THINGS } from '../things/table.ts'
import { COLORS } from '../vocabulary.ts'
import { FIRST_SHARE } from './habits.ts'

/** What a question can be answered from: only the picture, or without it a fact, the options, or the question. */
export const NEEDS = ['image', 'fact', 'options', 'question'] as const
export type Need = (typeof NEEDS)[number]

export interface LabelledChoice extends Choice {
  readonly needs: Need
}

export interface ChoiceKey extends Omit<ThingSceneKey, 'layout' | 'names' | 'exactly'> {
  /** One of `NEEDS`; without it half need the image, and the rest is shared out. */
  readonly needs?: Need
  readonly language?: string
  /** Whether training puts the right option first more often than chance, .7 of the time. */
  readonly firstBias?: boolean
}

const OPTIONS = 4
const NEED_WEIGHTS: Readonly<Record<Need, number>> = { image: 50, fact: 25, options: 15, question: 10 }

interface Draft {
  readonly task: string
  readonly question: string
  readonly answer: string
  readonly others: readonly string[]
}
type Write = (scene: Scene, language: string, rng: Rng) => Draft | undefined

/** Options of one kind, of which any could be right as far as words tell. */
const fromImage: Write = (scene, language, rng) => {
  const tongue = tongueOf(language)
  const task = rng.pick(
    THING_TASKS.filter(({ id }) => ['thing-name', 'thing-group', 'thing-color', 'thing-count'].includes(id)),
  )
  const qa = task.ask(scene, rng, tongue)
  if (!qa) return undefined
  const things = THINGS.map(({ name }) => tongue.phrase({ name }).text)
  return { task: task.id, question: qa.question, answer: qa.answer, others: qa.candidates ?? things }
}

/** What kind of thing something is that the question names. */
const fromFact: Write = (_scene, language, rng) => {
  const tongue = tongueOf(language)
  const { name, group } = rng.pick(THINGS)
  const a = tongue.a(tongue.phrase({ name }))
  const question = language === 'es' ? `¿qué clase de cosa es ${a}?` : `what kind of thing is ${a}?`
  return { task: 'fact', question, answer: tongue.kinds[group], others: GROUPS.map((each) => tongue.kinds[each]) }
}

/** Only one option is an answer of the kind that is asked for. */
const fromOptions: Write = (scene, language, rng) => {
  const tongue = tongueOf(language)
  const draft = fromImage(scene, language, rng)
  if (!draft) return undefined
  const kinds = [
    THINGS.map(({ name }) => tongue.phrase({ name }).text),
    COLORS.map((color) => tongue.color(color)),
    GROUPS.map((group) => tongue.kinds[group]),
    Array.from({ length: 10 }, (_, count) => String(count)),
  ]
  const own = kinds.find((answers) => answers.includes(draft.answer))
  const foreign = kinds.filter((answers) => answers !== own).flat()
  return own && { ...draft, others: foreign.filter((answer) => !own.includes(answer)) }
}

/** The colour that is asked for stands in the question. */
const fromQuestion: Write = (scene, language, rng) => {
  const tongue = tongueOf(language)
  const item = rng.pick(itemsOf(scene))
  if (!item.color) return undefined
  const the = theOf(tongue, { name: nameOf(item), color: item.color })
  const question = language === 'es' ? `¿de qué color es ${the}?` : `what color is ${the}?`
  return {
    task: 'thing-color',
    question,
    answer: tongue.color(item.color),
    others: COLORS.map((color) => tongue.color(color)),
  }
}

const WRITE: Readonly<Record<Need, Write>> = {
  image: fromImage,
  fact: fromFact,
  options: fromOptions,
  question: fromQuestion,
}

/** Texts are shared out among the splits, so that no question with its options is in two of them. */
export function splitOf(question: string, options: readonly string[]): 'train' | 'validation' | 'test' {
  const part = hashOf([question, ...[...options].sort()].join('|')) % 10
  return part < 7 ? 'train' : part < 8 ? 'validation' : 'test'
}

/** A question about the scene with wrong options, whose text is of the split; undefined where a few tries find none. */
function draftFor(split: ChoiceKey['split'], write: Write, scene: Scene, language: string, rng: Rng) {
  for (let attempt = 0; attempt < 20; attempt++) {
    const draft = write(scene, language, rng)
    if (!draft) continue
    const { others, ...rest } = draft
    const wrong = rng.shuffle([...new Set(others)].filter((other) => other !== rest.answer)).slice(0, OPTIONS - 1)
    if (wrong.length === OPTIONS - 1 && splitOf(rest.question, [rest.answer, ...wrong]) === split)
      return { ...rest, wrong }
  }
  return undefined
}

/**
 * A picture and a question with four options. Those that need no picture say so in `needs`, so that a filter can be held
 * against the truth; no text is in two splits. A function of the key and the art.
 */
export function sampleChoice(key: ChoiceKey): { scene: Scene; choice: LabelledChoice; heldOut: boolean } {
  assertKey(key)
  const { split, seed, index, language = 'en', firstBias = false } = key
  const rng = Rng.from(seed, 'world', split, 'choice', index)
  const needs = key.needs ?? rng.weighted(NEED_WEIGHTS)
  for (;;) {
    const layout = rng.pick(['single', 'free', 'crowd'] as const)
    const scene = makeThingScene({ ...key, seed: rng.uint32(), layout })
    const drafted = draftFor(split, WRITE[needs], scene, language, rng)
    if (!drafted) continue
    const { task, question, answer, wrong } = drafted
    const right = firstBias && split === 'train' && rng.chance(FIRST_SHARE) ? 0 : rng.int(0, OPTIONS - 1)
    const options = [...wrong.slice(0, right), answer, ...wrong.slice(right)]
    return { scene, choice: { task, question, options, right, needs }, heldOut: scene.heldOut }
  }
}

/** What options are called. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** A question with its options, each behind a letter, as the World asks it. */
export const choiceText = (question: string, options: readonly string[]): string =>
  `${question} ${options.map((option, at) => `${LETTERS[at]}: ${option}`).join(' ')}`

/** The same as a question whose answer is the letter. */
export const choiceTurn = ({ task, question, options, right }: Choice): QA => ({
  task,
  question: choiceText(question, options),
  answer: LETTERS[right],
  candidates: [...LETTERS].slice(0, options.length),
})
