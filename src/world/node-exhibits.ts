import { FoveaError } from '../errors.ts'
import { encodeWav } from '../media/audio/wav.ts'
import { sampleChoice } from './bias/choices.ts'
import { makeBiasScene } from './bias/make-bias-scene.ts'
import { NEGATIVES, pope } from './bias/pope.ts'
import { featuresOf, makeCortex, measure } from './cortex/cortex.ts'
import type { Film } from './film/film.ts'
import { FILM_TASK_IDS } from './film/questions/index.ts'
import { framesOf, sampleFilm } from './film/sample-film.ts'
import { SPLITS, type Split } from './make-scene.ts'
import { nodeArt } from './node-art.ts'
import { renderMap, renderSample } from './node-canvas.ts'
import type { QA } from './questions/index.ts'
import { TASK_IDS } from './questions/index.ts'
import { Rng } from './rng.ts'
import { askAll, sample, sampleDialogue } from './sample.ts'
import type { Scene } from './scene.ts'
import { SOUND_TASK_IDS } from './sound/questions.ts'
import { sampleSound } from './sound/sample-sound.ts'
import { renderSound, SOUND_RATE } from './sound/sound.ts'
import { SOUNDING_TASK_IDS, sampleSoundingFilm } from './sound/sounding-film.ts'
import { makeEpisode, play } from './table/episode.ts'
import { CAMERAS, viewOf } from './table/views.ts'
import { makeThingScene } from './things/make-thing-scene.ts'
import { itemMap } from './things/masks.ts'
import { ALL_THING_TASK_IDS, sampleThings } from './things/sample-things.ts'
import type { Vendor } from './things/table.ts'

/** Which exhibits are wanted. */
export interface ExhibitOptions {
  readonly task?: string
  readonly split: Split
  readonly seed: number
  /** Of questions about anything but shapes alone; `en` unless given. */
  readonly language?: string
  /** Whose drawings of things are shown, those of the trained vendors unless given. */
  readonly vendors?: readonly Vendor[]
  /** Length of films, 8 unless given, and their frames in a second, 1 unless given. */
  readonly frames?: number
  readonly rate?: number
}

/** One line of `data.jsonl`, and the files that it names. */
export interface Exhibit {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly record: object
}
export type Exhibits = (index: number) => Exhibit

/** The fields of a question that a reader may see. */
export function publicFields({ task, question, answer, box, time, language }: QA): object {
  return { task, question, answer, box, time, language }
}

/** Frames of a stream, unless it is said: ten minutes at one a second. */
const STREAM_FRAMES = 600

export const numbered = (index: number): string => String(index).padStart(6, '0')

function shapes({ task, split, seed }: ExhibitOptions, index: number): { scene: Scene; fields: object } {
  if (task === 'dialogue') {
    const { scene, turns, heldOut } = sampleDialogue({ split, seed, index })
    const [{ question, answer }] = turns
    return { scene, fields: { task, question, answer, turns: turns.map(publicFields), heldOut } }
  }
  const { scene, qa, heldOut } = sample({ split, seed, index, task })
  return { scene, fields: { ...publicFields(qa), heldOut } }
}

const shapeExhibits =
  (options: ExhibitOptions): Exhibits =>
  (index) => {
    const { scene, fields } = shapes(options, index)
    const image = `${numbered(index)}.png`
    return { files: new Map([[image, renderSample({ scene }).png]]), record: { image, ...fields, scene } }
  }

/** Pictures of things, each with a map of which item is seen where. */
function thingExhibits({ task, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  return (index) => {
    const { scenes, turns, heldOut } = sampleThings({ ...options, art, index, ...(task !== 'things' && { task }) })
    const files = new Map<string, Uint8Array>()
    const names = scenes.map((scene, at) => {
      const base = scenes.length === 1 ? numbered(index) : `${numbered(index)}-${at + 1}`
      files.set(`${base}.png`, renderSample({ scene }).png)
      files.set(`${base}.mask.png`, renderMap(itemMap(scene.items ?? [], scene.size, art), scene.size))
      return base
    })
    const [image] = names.map((name) => `${name}.png`)
    const pictures = names.length === 1 ? { image } : { images: names.map((name) => `${name}.png`) }
    const said = turns.length === 1 ? publicFields(turns[0]) : { task, turns: turns.map(publicFields) }
    const masks = names.map((name) => `${name}.mask.png`)
    return { files, record: { ...pictures, masks, ...said, heldOut, scenes } }
  }
}

const filmFiles = (film: Film, folder: string): [string, Uint8Array][] =>
  framesOf(film).map((scene, frame) => [`${folder}/${String(frame).padStart(5, '0')}.png`, renderSample({ scene }).png])

/** The frames of a film in a folder of their own, as `readVideo` takes it. */
function filmExhibits({ task, frames, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  const length = frames ?? (task === 'stream' ? STREAM_FRAMES : undefined)
  const asked = task === 'video' || task === 'stream' ? {} : { task }
  return (index) => {
    const { film, qa, heldOut } = sampleFilm({ ...options, ...asked, frames: length, art, index })
    const folder = numbered(index)
    const files = new Map(filmFiles(film, folder))
    const { rate, frames: count } = film
    return { files, record: { frames: folder, rate, count, ...publicFields(qa), heldOut, film } }
  }
}

/** Clips of sound, and films whose things sound. */
function soundExhibits({ task, ...options }: ExhibitOptions): Exhibits {
  return (index) => {
    const { clip, qa } = sampleSound({ ...options, index, ...(task !== 'sound' && { task }) })
    const sound = `${numbered(index)}.wav`
    const files = new Map([[sound, encodeWav(renderSound(clip), SOUND_RATE)]])
    return { files, record: { sound, ...publicFields(qa), heldOut: false, clip } }
  }
}

function soundingExhibits({ task, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  return (index) => {
    const { film, clip, sources, qa, heldOut } = sampleSoundingFilm({ ...options, task, art, index })
    const sound = `${numbered(index)}.wav`
    const files = new Map(filmFiles(film, numbered(index)))
    files.set(sound, encodeWav(renderSound(clip), SOUND_RATE))
    const { rate, frames: count } = film
    const shown = { frames: numbered(index), rate, count, sound }
    return { files, record: { ...shown, ...publicFields(qa), heldOut, film, clip, sources } }
  }
}

/** Scenes of the bias set with questions of all kinds, or polled for what is there and what is not. */
function biasExhibits({ task, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  const { seed, split, language } = options
  const kind = NEGATIVES.find((negative) => task === `pope-${negative}`)
  return (index) => {
    const scene = makeBiasScene({ ...options, art, index })
    const rng = Rng.from(seed, 'world', split, 'bias questions', index)
    const turns = kind ? pope(scene, kind, rng, 3, language) : askAll(scene, rng, 8, {}, language)
    const image = `${numbered(index)}.png`
    const files = new Map([[image, renderSample({ scene }).png]])
    return { files, record: { image, task, turns: turns.map(publicFields), heldOut: scene.heldOut, scene } }
  }
}

function choiceExhibits({ task: _, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  return (index) => {
    const { scene, choice, heldOut } = sampleChoice({ ...options, art, index })
    const image = `${numbered(index)}.png`
    const { right, ...asked } = choice
    const files = new Map([[image, renderSample({ scene }).png]])
    return { files, record: { image, ...asked, answer: 'ABCD'[right], heldOut, scene } }
  }
}

/** Every state of an episode as two cameras see it. */
function episodeExhibits({ task: _, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  return (index) => {
    const episode = makeEpisode({ ...options, art, index })
    const states = play(episode, episode.actions)
    const folders = CAMERAS.map((camera) => `${numbered(index)}-${camera}`)
    const files = CAMERAS.flatMap((camera, at) =>
      states.map((state, i): [string, Uint8Array] => [
        `${folders[at]}/${String(i).padStart(5, '0')}.png`,
        renderSample({ scene: viewOf(state, camera) }).png,
      ]),
    )
    const { instruction, goal, actions } = episode
    return { files: new Map(files), record: { views: folders, task: 'episode', instruction, goal, actions, states } }
  }
}

const CORTEX = { subjects: 4, voxels: 100 } as const
const short = (values: Float64Array): number[] => Array.from(values, (value) => Math.round(1e4 * value) / 1e4)

/** Scenes with what the voxels of four subjects answer to them: once in training, three times in tests. */
function voxelExhibits({ task: _, ...options }: ExhibitOptions): Exhibits {
  const art = nodeArt()
  const cortex = makeCortex({ seed: options.seed, ...CORTEX })
  const repeats = options.split === 'test' ? 3 : 1
  return (index) => {
    const scene = makeThingScene({ ...options, art, index, layout: 'free' })
    const features = featuresOf(scene)
    const stimulus = SPLITS.indexOf(options.split) * 1e6 + index
    const voxels = cortex.maps.map((_map, subject) =>
      Array.from({ length: repeats }, (_repeat, repeat) => short(measure(cortex, subject, stimulus, features, repeat))),
    )
    const image = `${numbered(index)}.png`
    const files = new Map([[image, renderSample({ scene }).png]])
    const { regions } = cortex
    return {
      files,
      record: { image, task: 'voxels', voxels, features: short(features), regions, heldOut: scene.heldOut, scene },
    }
  }
}

/** What each kind of exhibit is asked for by. */
const KINDS: readonly { readonly tasks: readonly string[]; readonly make: (options: ExhibitOptions) => Exhibits }[] = [
  { tasks: [...TASK_IDS, 'dialogue'], make: shapeExhibits },
  { tasks: ['things', ...ALL_THING_TASK_IDS], make: thingExhibits },
  { tasks: ['video', 'stream', ...FILM_TASK_IDS], make: filmExhibits },
  { tasks: ['bias', ...NEGATIVES.map((negative) => `pope-${negative}`)], make: biasExhibits },
  { tasks: ['choice'], make: choiceExhibits },
  { tasks: ['sound', ...SOUND_TASK_IDS], make: soundExhibits },
  { tasks: SOUNDING_TASK_IDS, make: soundingExhibits },
  { tasks: ['episode'], make: episodeExhibits },
  { tasks: ['voxels'], make: voxelExhibits },
]

/** Everything that can be written, besides the mix of all tasks about shapes. */
export const EXPORT_TASKS: readonly string[] = KINDS.flatMap(({ tasks }) => tasks)

/**
 * The exhibits of a task. Throws FoveaError for an unknown task, and for packages that it needs and that are missing.
 */
export function exhibitsOf(options: ExhibitOptions): Exhibits {
  const { task } = options
  const kind = task === undefined ? KINDS[0] : KINDS.find(({ tasks }) => tasks.includes(task))
  if (!kind) {
    throw new FoveaError('world-task', 'usage', `Unknown World task "${task}": use one of ${EXPORT_TASKS.join(', ')}`)
  }
  const make = kind.make(options)
  make(0)
  return make
}
