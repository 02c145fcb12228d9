/** Clips of shapes with questions that a few words of their captions answer. */
import { findTask, makeScene, Rng, type Scene, type SceneObject, type Split } from '../../../world/index.ts'

export interface Clip {
  readonly scenes: readonly Scene[]
  /** What the World says of each frame. */
  readonly captions: readonly string[]
  readonly question: string
  /** A colour. */
  readonly answer: string
}

export interface ClipKey {
  readonly split: Split
  readonly seed: number
  readonly index: number
}

export const FRAMES = 4
/** Things in a frame at most, so that a caption names them all. */
const THINGS = 2
const ATTEMPTS = 1000

/** A clip of four frames, and the colour of something that one of them shows; nothing else in it has that shape. */
export function clipAt({ split, seed, index }: ClipKey): Clip {
  const rng = Rng.from(seed, 'vamos', split, index)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const scenes = Array.from({ length: FRAMES }, () => frame(split, rng))
    const all = scenes.flatMap(({ objects }) => objects)
    const alone = all.filter(({ shape }) => all.filter((other) => other.shape === shape).length === 1)
    if (alone.length > 0) return about(scenes, rng.pick(alone), rng)
  }
  throw new Error(`no clip of index ${index} has a shape that stands alone`)
}

function frame(split: Split, rng: Rng): Scene {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const scene = makeScene({ split, seed: rng.uint32(), index: 0, kind: 'objects' })
    if (scene.objects.length <= THINGS && captionOf(scene, rng) !== undefined) return scene
  }
  throw new Error(`no scene has ${THINGS} things at most`)
}

const captionOf = (scene: Scene, rng: Rng): string | undefined => findTask('caption').ask(scene, rng)?.answer

const about = (scenes: readonly Scene[], { shape, color }: SceneObject, rng: Rng): Clip => ({
  scenes,
  captions: scenes.map((scene) => captionOf(scene, rng)!),
  question: `what color is the ${shape}?`,
  answer: color,
})
