import { secondOf } from '../../models/vlm/llava.ts'
import { POOL } from './config.ts'
import { filmLesson, type Lesson, type LessonKey, namingLesson, picturesLesson, stillLesson } from './curriculum.ts'

/** One kind of lesson in a step. */
export interface Part {
  readonly name: string
  /** Lessons of this kind in a step. */
  readonly batch: number
  /** Pictures that each is about. */
  readonly views: number
  /** Side of the squares of patches that become one token each. */
  readonly pool: number
  /** Text tokens of each. */
  readonly text: number
  /** What is written before each picture. */
  readonly marks?: readonly string[]
  /** Whether the vision encoder learns from it, too. */
  readonly trainsVision: boolean
  /** Different scenes; after these the first comes again with other questions. */
  readonly scenes: number
  readonly lesson: (key: LessonKey) => Lesson
}

/** Frames of the films that are shown, one a second. */
const FRAMES = 8

/** Text about several pictures, which few questions are asked about, in shares of that about one. */
const SHORT = 0.45

interface Lessons {
  readonly batch: number
  /** Text tokens of one about one picture. */
  readonly text: number
}

/** What a step of so many lessons is made of: half are about one picture, a quarter about a film, the others about several. */
export function partsOf({ batch, text }: Lessons): readonly Part[] {
  const share = (part: number) => Math.max(1, Math.round(batch * part))
  const pictures = (name: string, part: number, views: number): Part => ({
    name,
    batch: share(part),
    views,
    pool: POOL,
    text: Math.ceil(SHORT * text),
    trainsVision: true,
    scenes: 3000,
    lesson: (key) => picturesLesson(key, views),
  })
  return [
    stills(share(1 / 2), text, stillLesson),
    pictures('two', 1 / 8, 2),
    pictures('three', 1 / 16, 3),
    pictures('four', 1 / 16, 4),
    {
      name: 'film',
      batch: share(1 / 4),
      views: FRAMES,
      pool: POOL,
      text,
      marks: Array.from({ length: FRAMES }, (_, second) => secondOf(second)),
      trainsVision: false,
      scenes: 4000,
      lesson: (key) => filmLesson(key, FRAMES),
    },
  ]
}

/** While names are learnt a step is about single pictures alone. */
export const namingParts = ({ batch, text }: Lessons): readonly Part[] => [stills(batch, text, namingLesson)]

const stills = (batch: number, text: number, lesson: Part['lesson']): Part => ({
  name: 'still',
  batch,
  views: 1,
  pool: 1,
  text,
  trainsVision: true,
  scenes: 24_000,
  lesson,
})
