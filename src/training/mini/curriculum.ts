/** What the second stage shows and asks: pictures of shapes and things, several pictures, films; in two languages. */
import {
  askAbout,
  askAll,
  askFilm,
  choiceTurn,
  FILM_TASK_IDS,
  framesOf,
  makeBiasScene,
  makeThingScene,
  PICTURE_TASK_IDS,
  type QA,
  Rng,
  type Scene,
  type Split,
  sampleChoice,
  sampleFilm,
  sampleThings,
  type ThingSampleKey,
} from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { taskWeights, trainingScene } from './questions.ts'

export interface Lesson {
  readonly scenes: readonly Scene[]
  /** What is asked about them, each list of turns a conversation of its own. */
  readonly ask: () => readonly QA[][]
}

/** Which lesson: a scene comes again after so many, with other questions. */
export interface LessonKey {
  readonly split: Split
  readonly seed: number
  readonly index: number
  readonly scenes: number
}

/** How often each task about a scene of things is asked: what is hard is asked more. */
const thingWeights: Readonly<Record<string, number>> = {
  'thing-name': 4,
  'thing-group': 1.2,
  'thing-exist': 0.8,
  'thing-count': 1.6,
  'thing-odd': 1.2,
  'thing-relation': 2,
  'thing-front': 1,
  'thing-color': 0.8,
  'thing-box': 1.2,
  'thing-point': 0.8,
  'thing-cell': 1.2,
  'thing-read': 2.5,
  'thing-bar': 1.5,
  'thing-caption': 1.2,
  'thing-story': 0.8,
  'thing-fits': 1,
}

/** The same while names are learnt: a question names a thing once, and half of these name one. */
const namingWeights: Readonly<Record<string, number>> = {
  'thing-name': 9,
  'thing-group': 2.5,
  'thing-exist': 1.5,
  'thing-count': 1,
  'thing-odd': 1,
  'thing-relation': 3,
  'thing-front': 0.8,
  'thing-color': 0.8,
  'thing-box': 1,
  'thing-point': 2,
  'thing-cell': 1,
  'thing-read': 1.2,
  'thing-bar': 0.8,
  'thing-caption': 1.5,
  'thing-story': 0.5,
  'thing-fits': 0.6,
}

const filmWeights: Readonly<Record<string, number>> = {
  ...Object.fromEntries(FILM_TASK_IDS.map((id) => [id, 1])),
  'film-when': 2,
  'film-interval': 2,
  'film-order': 2.5,
  'film-times': 1.5,
  'film-first': 1.5,
  'film-before': 1.5,
  'film-happens': 1.5,
  'film-state-at': 1.5,
  'film-needle': 3,
  'film-ever': 0.7,
  'film-cuts': 0.7,
  'film-background': 0.4,
}

/** Share of the lessons about anything but shapes that are held in Spanish. */
const SPANISH = 0.4
const languageOf = (rng: Rng, share = SPANISH): string => (rng.chance(share) ? 'es' : 'en')

/** What a lesson about one picture shows and asks. */
interface StillPlan {
  /** How often each kind of picture is shown. */
  readonly kinds: Readonly<Record<'shapes' | 'things' | 'dialogue' | 'bias' | 'choice', number>>
  /** How often each task about things is asked. */
  readonly weights: Readonly<Record<string, number>>
  readonly spanish: number
}

const STILLS: StillPlan = {
  kinds: { shapes: 32, things: 42, dialogue: 8, bias: 8, choice: 10 },
  weights: thingWeights,
  spanish: SPANISH,
}

const NAMING: StillPlan = {
  kinds: { shapes: 22, things: 60, dialogue: 6, bias: 6, choice: 6 },
  weights: namingWeights,
  spanish: 0.45,
}

/** One picture, with as many questions as it allows. */
export const stillLesson = (key: LessonKey): Lesson => stillBy(key, STILLS)

/** The same while names are learnt. */
export const namingLesson = (key: LessonKey): Lesson => stillBy(key, NAMING)

function stillBy({ split, seed, index, scenes }: LessonKey, plan: StillPlan): Lesson {
  const at = index % scenes
  const [drawing, asking] = [Rng.from(seed, 'still', split, at), Rng.from(seed, 'still questions', split, index)]
  const kind = drawing.weighted(plan.kinds)
  const language = kind === 'shapes' ? 'en' : languageOf(asking, plan.spanish)
  const { scene, first } = stillOf(kind, { split, seed, index: at, art: nodeArt(), language })
  const weights = kind === 'shapes' ? taskWeights : plan.weights
  const questions = () => askAll(scene, asking, 24, weights, language).map((qa) => [qa])
  return { scenes: [scene], ask: () => (first ? [[...first], ...questions()] : questions()) }
}

interface Still {
  readonly scene: Scene
  /** The turns that it was drawn for. */
  readonly first?: readonly QA[]
}

function stillOf(kind: keyof StillPlan['kinds'], key: ThingSampleKey): Still {
  if (kind === 'shapes') {
    const { scene, dialogue } = trainingScene(key, key.index)
    return { scene, first: dialogue }
  }
  if (kind === 'dialogue') {
    const { scenes, turns } = sampleThings({ ...key, task: 'thing-dialogue' })
    return { scene: scenes[0], first: turns }
  }
  if (kind === 'choice') {
    const { scene, choice } = sampleChoice(key)
    return { scene, first: [choiceTurn(choice)] }
  }
  return { scene: kind === 'bias' ? makeBiasScene(key) : makeThingScene(key) }
}

/** So many pictures with questions that need them all. */
export function picturesLesson(key: LessonKey, count: number): Lesson {
  const { split, seed, index } = key
  const at = index % key.scenes
  const rng = Rng.from(seed, 'pictures questions', split, index)
  const task = Rng.from(seed, 'pictures task', split, count, at).pick(
    PICTURE_TASK_IDS.filter((id) => count === 2 || !PAIRS.includes(id)),
  )
  for (let draw = 0; ; draw++) {
    const options = { split, seed, index: 1000 * at + draw, art: nodeArt(), task, language: languageOf(rng) }
    const { scenes, turns } = sampleThings(options)
    if (scenes.length !== count) continue
    const others = () => askAbout(scenes, rng, options.language).filter((qa) => qa.task !== task)
    return { scenes, ask: () => [[...turns], ...others().map((qa) => [qa])] }
  }
}

/** Tasks that are about two pictures, never more. */
const PAIRS: readonly string[] = ['pictures-same', 'pictures-extra']

/** A film of so many frames, one a second, in which something happens that one of the tasks asks about. */
export function filmLesson({ split, seed, index, scenes }: LessonKey, frames: number): Lesson {
  const at = index % scenes
  const rng = Rng.from(seed, 'film questions', split, index)
  const task = Rng.from(seed, 'film task', split, at).weighted(filmWeights)
  const language = languageOf(rng)
  const { film, qa } = sampleFilm({ split, seed, index: at, frames, art: nodeArt(), task, language: 'en' })
  const others = () => askFilm(film, rng, 16, filmWeights, language).filter(({ question }) => question !== qa.question)
  return { scenes: framesOf(film), ask: () => [[qa], ...others().map((other) => [other])] }
}
