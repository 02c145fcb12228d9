import { FoveaError } from '../errors.ts'
import { makeBackground } from './background.ts'
import { showsHeldOut } from './held-out.ts'
import { Rng } from './rng.ts'
import { DEFAULT_SIZE, type Scene, type SceneKind } from './scene.ts'
import { makeChart } from './scenes/chart.ts'
import { makeGrid } from './scenes/grid.ts'
import { type HeldOutKind, pickLooks, pickSizes, placeObjects } from './scenes/objects.ts'
import { makeWords, wordBoxes } from './scenes/text.ts'

export const SPLITS = ['train', 'validation', 'test'] as const
export type Split = (typeof SPLITS)[number]

/** Which scene: the same key always gives the same scene. */
export interface SceneKey {
  split: Split
  seed: number
  index: number
  /** One kind instead of the usual mix. */
  kind?: SceneKind
  /** Side of the canvas in pixels, 192 unless given. */
  size?: number
}

const KIND_WEIGHTS: Record<SceneKind, number> = { objects: 56, text: 18, chart: 14, grid: 12 }

/** Share of the test scenes with free or gridded objects that show a held-out composition. */
const HELD_OUT_SHARE = 0.25

/** Below this side letters and outlines run together. */
const LEAST_SIZE = 64

/** Throws FoveaError `world-size` for a side on which nothing can be told apart. */
export function assertCanvas(size: number): void {
  if (Number.isInteger(size) && size >= LEAST_SIZE) return
  throw new FoveaError('world-size', 'usage', `Cannot draw a World of side ${size}: use an integer from ${LEAST_SIZE}`)
}

function baseScene(kind: SceneKind, size: number, rng: Rng): Scene {
  const noise = rng.chance(0.3) ? rng.int(6, 22) : 0
  return {
    kind,
    size,
    seed: rng.uint32(),
    noise,
    background: makeBackground(rng),
    objects: [],
    words: [],
    heldOut: false,
  }
}

function generate(kind: SceneKind, size: number, heldOut: HeldOutKind | undefined, rng: Rng): Scene {
  const scene = baseScene(kind, size, rng)
  const { background } = scene
  if (kind === 'chart') return { ...scene, chart: makeChart(background, size, rng) }
  if (kind === 'grid') return { ...scene, ...makeGrid(background, size, heldOut !== undefined, rng) }
  if (kind === 'text') {
    const words = makeWords(background, size, rng)
    const looks = pickLooks(rng.int(0, 3), background, undefined, rng)
    const objects = placeObjects(
      looks,
      looks.map(() => rng.pick(['small', 'medium'] as const)),
      size,
      wordBoxes(words, size),
      rng,
    )
    return { ...scene, words, objects }
  }
  const count = rng.int(heldOut === 'relation' ? 2 : 1, 8)
  const looks = pickLooks(count, background, heldOut, rng)
  return { ...scene, objects: placeObjects(looks, pickSizes(count, rng), size, [], rng) }
}

/**
 * The scene of a key. Training and validation scenes never show a held-out composition; about a quarter of the test
 * scenes of kinds `objects` and `grid` do, and say so in `heldOut`. Throws FoveaError `world-size` for a canvas that is
 * too small.
 */
export function makeScene({ split, seed, index, kind, size = DEFAULT_SIZE }: SceneKey): Scene {
  assertCanvas(size)
  const rng = Rng.from(seed, 'world', split, 'scene', index)
  const chosen = kind ?? rng.weighted(KIND_WEIGHTS)
  const mayHold = split === 'test' && (chosen === 'objects' || chosen === 'grid')
  const heldOut = mayHold && rng.chance(HELD_OUT_SHARE)
  const kindOfHeldOut = chosen === 'objects' && rng.chance(0.3) ? 'relation' : 'pair'
  for (;;) {
    const scene = generate(chosen, size, heldOut ? kindOfHeldOut : undefined, rng)
    if (showsHeldOut(scene) === heldOut && (scene.objects.length > 0 || chosen === 'text' || chosen === 'chart')) {
      return { ...scene, heldOut }
    }
  }
}
