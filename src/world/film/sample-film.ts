import { FoveaError } from '../../errors.ts'
import { tongueOf } from '../language/index.ts'
import type { QA } from '../questions/task.ts'
import { Rng } from '../rng.ts'
import { assertKey } from '../sample-key.ts'
import type { Scene } from '../scene.ts'
import { isBalanced, yesNo } from '../things/questions/task.ts'
import type { Film } from './film.ts'
import { assertFilm, type FilmKey, makeFilm } from './make-film.ts'
import { FILM_TASK_IDS, FILM_TASKS, type FilmTask } from './questions/index.ts'
import { frameOf } from './state.ts'

/** Which film with a question: the same key and art always give the same one. */
export interface FilmSampleKey extends Omit<FilmKey, 'must'> {
  /** One task; without it the tasks take turns by chance. */
  readonly task?: string
  /** `en` unless given, or `es`. */
  readonly language?: string
}

/** What must happen for a task to have something to ask, with several to draw from. */
const MUST: Readonly<Record<string, readonly NonNullable<FilmKey['must']>[]>> = {
  'film-motion': ['move'],
  'film-mover': ['move'],
  'film-change': ['recolor'],
  'film-times': ['blink'],
  'film-other': ['collide', 'hide'],
  'film-back': ['hide'],
  'film-actor': ['turn', 'grow', 'shrink', 'blink', 'leave', 'recolor'],
  'film-when': ['enter', 'leave', 'recolor', 'flash'],
  'film-interval': ['move', 'turn', 'grow', 'shrink', 'collide'],
  'film-order': ['enter', 'move', 'recolor'],
  'film-first': ['enter'],
  'film-appeared': ['enter', 'flash', 'move'],
  'film-before': ['enter', 'leave', 'move'],
  'film-needle': ['flash', 'flash', 'odd', 'word'],
}

function findFilmTask(id: string): FilmTask {
  const task = FILM_TASKS.find((candidate) => candidate.id === id)
  if (task) return task
  throw new FoveaError('world-task', 'usage', `Unknown World task "${id}": use one of ${FILM_TASK_IDS.join(', ')}`)
}

/** Films that are drawn before a task is given up: some need more frames than they are given. */
const MOST_FILMS = 400

/**
 * A film with a question. Throws FoveaError for an unknown task, split, language or vendor, for fewer than four frames, and
 * `world-frames` where a film of so many frames never has what the task asks about.
 */
export function sampleFilm(key: FilmSampleKey): { film: Film; qa: QA; heldOut: boolean } {
  assertKey(key)
  const { split, seed, index, frames = 8, rate = 1 } = key
  assertFilm(frames, rate)
  const tongue = tongueOf(key.language ?? 'en')
  const id = key.task ?? Rng.from(seed, 'world', split, 'film task', index).pick(FILM_TASK_IDS)
  const task = findFilmTask(id)
  const rng = Rng.from(seed, 'world', split, 'film sample', id, frames, index)
  const wanted = rng.pick(yesNo(tongue))
  const isCut = id === 'film-cuts' && rng.chance(0.5) && frames >= 8
  for (let attempt = 0; attempt < MOST_FILMS; attempt++) {
    const mustDrift = id === 'film-background' && wanted === tongue.yes
    const must = isCut ? 'cut' : mustDrift ? 'drift' : MUST[id] && rng.pick(MUST[id])
    const film = makeFilm({ ...key, seed: rng.uint32(), must })
    const qa = task.ask(film, rng, tongue)
    if (qa && isBalanced(qa, wanted, tongue)) return { film, qa, heldOut: film.heldOut }
  }
  throw new FoveaError('world-frames', 'usage', `A film of ${frames} frames is too short for ${id}: ask for more`)
}

/** Up to `n` different questions about one film, tasks drawn with the given weights as `askAll` draws them. */
export function askFilm(
  film: Film,
  rng: Rng,
  n: number,
  weights: Readonly<Record<string, number>> = {},
  language = 'en',
): QA[] {
  const tongue = tongueOf(language)
  const open = new Map(FILM_TASKS.filter(({ id }) => (weights[id] ?? 1) > 0).map(({ id }) => [id, 0]))
  const found = new Map<string, QA>()
  while (found.size < n && open.size > 0) {
    const id = rng.weighted(Object.fromEntries([...open.keys()].map((key) => [key, weights[key] ?? 1])))
    const qa = findFilmTask(id).ask(film, rng, tongue)
    const isNew = qa !== undefined && !found.has(qa.question)
    if (isNew) found.set(qa.question, qa)
    const failures = isNew ? 0 : open.get(id)! + 1
    if (failures < 3) open.set(id, failures)
    else open.delete(id)
  }
  return [...found.values()]
}

/** Every frame of a film, or some, as scenes to draw. */
export const framesOf = (film: Film, frames = Array.from({ length: film.frames }, (_, i) => i)): Scene[] =>
  frames.map((frame) => frameOf(film, frame))

/**
 * The baselines that say whether time was read: the same frames in another order, and one frame again and again.
 */
export function withoutTime(film: Film, rng: Rng): { shuffled: number[]; single: number[] } {
  const order = Array.from({ length: film.frames }, (_, i) => i)
  const one = rng.int(0, film.frames - 1)
  return { shuffled: rng.shuffle(order), single: order.map(() => one) }
}
