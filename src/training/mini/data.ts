import { normalise } from '../../media/image.ts'
import { f32, i64, joinFloats, type Value } from '../../runtime/index.ts'
import { Rng, type Scene, type Split } from '../../world/index.ts'
import { imageMean, imageStd } from './config.ts'
import type { LessonKey } from './curriculum.ts'
import { denseNames, summaryWidth } from './dense.ts'
import { type Drawn, draw, recolored } from './drawn.ts'
import type { Part } from './parts.ts'
import { type PackedText, packText } from './questions.ts'

export { imageOf } from './drawn.ts'

export interface DataOptions {
  readonly side: number
  readonly patch: number
  readonly seed: number
  readonly split: Split
  readonly encode: (text: string) => readonly number[]
}

type Batch = Record<string, Value>

/** Draws a scene once. */
function drawer({ side, patch }: DataOptions): (scene: Scene, key: string) => Drawn {
  const known = new Map<string, Drawn>()
  return (scene, key) => {
    const drawn = known.get(key) ?? draw(scene, side, patch)
    known.set(key, drawn)
    return drawn
  }
}

/** The batch of a step: a function of (seed, step) alone, so that a resumed run sees what an unbroken one would. */
export function lessonBatches(options: DataOptions, parts: readonly Part[]): (step: number) => Batch {
  const drawn = drawer(options)
  return (step) => Object.assign({}, ...parts.map((part) => partBatch(options, part, step, drawn)))
}

function partBatch(options: DataOptions, part: Part, step: number, drawn: ReturnType<typeof drawer>): Batch {
  const { name, batch, text, views, scenes } = part
  const lessons = Array.from({ length: batch }, (_, at) => {
    const key: LessonKey = { split: options.split, seed: options.seed, index: step * batch + at, scenes }
    const lesson = part.lesson(key)
    const pictures = lesson.scenes.map((scene, view) => drawn(scene, `${name} ${key.index % scenes} ${view}`))
    return {
      pictures,
      packed: packText(lesson.ask(), { text, visual: slotsOf(options, part), seconds: views, encode: options.encode }),
    }
  })
  const pictures = lessons.flatMap((lesson) => lesson.pictures)
  const said = textInputs(
    lessons.map(({ packed }) => packed),
    text,
  )
  const all = {
    pixels: pixelsOf(options, pictures),
    ...(part.trainsVision && views === 1 && patchInputs(options, pictures)),
    ...said,
  }
  return Object.fromEntries(Object.entries(all).map(([input, value]) => [`${name}.${input}`, value]))
}

/** Slots before the questions. */
function slotsOf({ side, patch, encode }: DataOptions, { views, pool, marks = [] }: Part): number {
  return views * (side / patch / pool) ** 2 + marks.flatMap((mark) => encode(mark)).length
}

function pixelsOf({ side }: DataOptions, pictures: readonly Drawn[]): Value {
  const data = new Float32Array(pictures.length * 3 * side * side)
  for (const [at, { image }] of pictures.entries())
    data.set(normalise(image, imageMean, imageStd), at * 3 * side * side)
  return f32([pictures.length, 3, side, side], data)
}

function patchInputs({ side, patch }: DataOptions, pictures: readonly Drawn[]): Batch {
  const [count, n] = [pictures.length, (side / patch) ** 2]
  return {
    labels: i64(
      [count, n, denseNames.length],
      pictures.flatMap(({ labels }) => Array.from(labels)),
    ),
    boxes: f32([count, n, 4], joinFloats(pictures.map(({ boxes }) => boxes))),
    counts: f32([count, summaryWidth], joinFloats(pictures.map(({ summary }) => summary))),
  }
}

function textInputs(packed: readonly PackedText[], text: number): Batch {
  const join = (key: keyof PackedText) => packed.flatMap((each) => each[key])
  const count = packed.length
  const floats = (key: keyof PackedText, ...width: number[]) =>
    f32([count, text, ...width], Float32Array.from(join(key)))
  return {
    ids: i64([count, text], join('ids')),
    segments: i64([count, text], join('segments')),
    positions: floats('positions'),
    targets: i64([count, text], join('targets')),
    weights: floats('weights'),
    places: floats('places', 8),
    pointed: floats('pointed', 2),
    times: floats('times', 2),
    timed: floats('timed'),
  }
}

/** Share of the pictures of the first stage that are shown in other colours. */
const RECOLORED = 0.4

/** The first stage: pictures and what lies in every patch of them. */
export function patchBatches(options: DataOptions, { batch, scenes, lesson, name }: Part): (step: number) => Batch {
  const drawn = drawer(options)
  const { seed, split } = options
  return (step) => {
    const pictures = Array.from({ length: batch }, (_, at) => {
      const index = step * batch + at
      const [scene] = lesson({ split, seed, index, scenes }).scenes
      const picture = drawn(scene, `${name} ${index % scenes}`)
      const rng = Rng.from(seed, 'colours', split, index)
      return rng.chance(RECOLORED) ? recolored(picture, rng) : picture
    })
    return { pixels: pixelsOf(options, pictures), ...patchInputs(options, pictures) }
  }
}
