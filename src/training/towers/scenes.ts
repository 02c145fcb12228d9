/** Scenes of training that towers see: things, and shapes, words, charts and grids. */
import type { RgbImage } from '../../media/image.ts'
import { LANGUAGES, makeScene, makeThingScene, Rng, type Scene, sample, sampleThings } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { renderPixels } from '../../world/node-canvas.ts'
import { fromRgba } from '../mini/images.ts'

/** Share of scenes that are of things. */
const THINGS = 0.7

export const imageOfScene = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

/** The scene of an index. */
export function towerScene(seed: number, index: number): Scene {
  const key = { split: 'train', seed, index } as const
  return Rng.from(seed, 'tower scene', index).chance(THINGS)
    ? makeThingScene({ ...key, art: nodeArt() })
    : makeScene(key)
}

/** The scene of an index with a caption: of things in one of the languages. */
export function captionedScene(seed: number, index: number): { scene: Scene; caption: string } {
  const rng = Rng.from(seed, 'tower caption', index)
  const key = { split: 'train', seed, index } as const
  if (!rng.chance(THINGS)) {
    const { scene, qa } = sample({ ...key, task: 'caption' })
    return { scene, caption: qa.answer }
  }
  const task = rng.pick(['thing-caption', 'thing-caption', 'thing-story'])
  const { scenes, turns } = sampleThings({ ...key, task, language: rng.pick(LANGUAGES), art: nodeArt() })
  return { scene: scenes[0], caption: turns[0].answer }
}
