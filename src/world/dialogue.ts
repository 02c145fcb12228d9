import { objectBox, toThousandths } from './geometry.ts'
import { extremeQuestion, valueQuestion } from './questions/bar.ts'
import { absentFilter } from './questions/exist.ts'
import { readQuestion } from './questions/read.ts'
import {
  type Attribute,
  describe,
  describeMany,
  type Filter,
  namesHeldOut,
  pickReferable,
  refer,
  select,
} from './questions/refer.ts'
import { askRelation } from './questions/relation.ts'
import { phrase, type QA, YES_NO } from './questions/task.ts'
import type { Rng } from './rng.ts'
import type { Scene, SceneObject } from './scene.ts'
import { COLORS, type Color, FILLS, SHAPES, type Shape, SIZES, withArticle } from './vocabulary.ts'

const ATTRIBUTE_TURNS: Record<Attribute, { templates: string[]; values: readonly string[] }> = {
  color: { templates: ['what color is it?', 'which color does it have?', 'and its color?'], values: COLORS },
  shape: { templates: ['what shape is it?', 'which shape does it have?', 'and its shape?'], values: SHAPES },
  size: { templates: ['how big is it?', 'what size is it?', 'is it small, medium or large?'], values: SIZES },
  fill: { templates: ['is it solid, striped or outlined?', 'how is it filled?'], values: FILLS },
}
const BOX_TURNS = ['where is it? give its box.', 'give its box.', 'what is its bounding box?', 'locate it.']
const EXIST_TURNS = [
  'is there {thing}?',
  'do you see {thing}?',
  'can you see {thing} here?',
  'is {thing} in the image?',
]
const COUNT_TURNS = ['how many {things} are there?', 'how many {things} do you see?', 'count the {things}.']
const OF_THEM_TURNS = ['how many of them are {value}?', 'and how many of them are {value}?', 'how many are {value}?']
const AND_TURNS = ['and how many {things}?', 'what about {things}?', 'and the number of {things}?']
const LETTER_TURNS = ['how many letters does it have?', 'how long is it?', 'count its letters.']
const VALUE_TURNS = ['what is its value?', 'how high is it?', 'which value does it have?', 'and its value?']

/** Questions about an object that the first turn has made "it". */
function turnsAboutIt(scene: Scene, object: SceneObject, known: Filter, rng: Rng): QA[] {
  const open = (Object.keys(ATTRIBUTE_TURNS) as Attribute[]).filter((key) => known[key] === undefined)
  const box = toThousandths(objectBox(object), scene.size)
  const turns: QA[] = open.map((key) => {
    const { templates, values } = ATTRIBUTE_TURNS[key]
    return { task: key, question: phrase(rng, templates), answer: object[key], box, candidates: values }
  })
  turns.push({ task: 'box', question: phrase(rng, BOX_TURNS), answer: box.join(','), box })
  const other = rng.shuffle(scene.objects).find((candidate) => candidate !== object && refer(scene, candidate, rng))
  const name = other && refer(scene, other, rng)
  const relation = name && askRelation(scene, [object, 'it'], [other, `the ${describe(name)}`], rng)
  return relation ? [...turns, relation] : turns
}

function existTurn(filter: Filter, answer: 'yes' | 'no', rng: Rng): QA {
  const question = phrase(rng, EXIST_TURNS, { thing: withArticle(describe(filter)) })
  return { task: 'exist', question, answer, candidates: YES_NO }
}

/**
 * "is there a star?" and what follows about it. The star is the only one, so "it" has one meaning. Half of the time
 * something absent is asked for before, or a first question would always be answered with yes.
 */
function dialogueAboutOne(scene: Scene, rng: Rng): QA[] | undefined {
  const without = rng.chance(0.6) && scene.words.length === 0 ? [rng.pick(['color', 'shape'] as const)] : []
  const found = pickReferable(scene, rng, without)
  if (!found) return undefined
  const absent = rng.chance(0.5) ? absentFilter(scene, ['color', 'shape'], rng) : undefined
  const turns = rng.shuffle(turnsAboutIt(scene, found.object, found.filter, rng)).slice(0, absent ? 2 : rng.int(2, 3))
  return [...(absent ? [existTurn(absent, 'no', rng)] : []), existTurn(found.filter, 'yes', rng), ...turns]
}

function countTurn(scene: Scene, templates: readonly string[], filter: Filter, rng: Rng): QA {
  const question = phrase(rng, templates, { things: describeMany(filter) })
  return { task: 'count', question, answer: String(select(scene, filter).length) }
}

/** A colour of the objects of a shape, or now and then one that they do not have. */
function pickColorOf(scene: Scene, shape: Shape, rng: Rng): Color {
  const filter: Filter = rng.chance(0.25) ? { color: rng.pick(COLORS), shape } : { shape }
  return namesHeldOut(filter) || !filter.color ? rng.pick(select(scene, { shape })).color : filter.color
}

/** "how many circles are there?", "how many of them are red?", "and how many squares?" */
function dialogueAboutCounts(scene: Scene, rng: Rng): QA[] | undefined {
  const shapes = SHAPES.filter((shape) => select(scene, { shape }).length > 0)
  const many = shapes.filter((shape) => select(scene, { shape }).length > 1)
  if (many.length === 0) return undefined
  const shape = rng.pick(many)
  const color = pickColorOf(scene, shape, rng)
  const answer = String(select(scene, { shape, color }).length)
  const ofThem: QA = { task: 'count', question: phrase(rng, OF_THEM_TURNS, { value: color }), answer }
  const other = rng.pick(SHAPES.filter((candidate) => candidate !== shape))
  return [countTurn(scene, COUNT_TURNS, { shape }, rng), ofThem, countTurn(scene, AND_TURNS, { shape: other }, rng)]
}

/** Reads a word, then asks about its colour and length. */
function dialogueAboutWord(scene: Scene, rng: Rng): QA[] {
  const word = rng.pick(scene.words)
  const { templates, values } = ATTRIBUTE_TURNS.color
  const color: QA = { task: 'color', question: phrase(rng, templates), answer: word.color, candidates: values }
  const letters: QA = { task: 'count', question: phrase(rng, LETTER_TURNS), answer: String(word.text.length) }
  const first: QA = { task: 'read', question: readQuestion(scene, word, rng), answer: word.text }
  return [first, ...rng.shuffle([color, letters])]
}

/** The highest and lowest bars with their values; the value of any bar where no bar stands out. */
function dialogueAboutBars(scene: Scene, rng: Rng): QA[] | undefined {
  const { bars } = scene.chart!
  const turns = rng.shuffle(['highest', 'lowest'] as const).flatMap((end) => {
    const first = extremeQuestion(scene, end, rng)
    const bar = bars.find((candidate) => candidate.label.text === first?.answer)
    if (!first || !bar) return []
    return [first, { ...valueQuestion(scene, bar, rng), question: phrase(rng, VALUE_TURNS) }]
  })
  return turns.length > 0 ? turns : undefined
}

/**
 * Two to four turns about one image, where later ones refer back ("what color is it?"); undefined where the scene
 * allows none without ambiguity. Each turn's `task` names what it asks for.
 */
export function dialogue(scene: Scene, rng: Rng): QA[] | undefined {
  if (scene.kind === 'chart') return dialogueAboutBars(scene, rng)
  if (scene.words.length > 0 && (scene.objects.length === 0 || rng.chance(0.6))) return dialogueAboutWord(scene, rng)
  const counts = rng.chance(0.35) ? dialogueAboutCounts(scene, rng) : undefined
  return counts ?? dialogueAboutOne(scene, rng)
}
