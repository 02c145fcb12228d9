import { FoveaError } from '../../errors.ts'
import { makeBackground } from '../background.ts'
import { assertCanvas, type SceneKey } from '../make-scene.ts'
import { Rng } from '../rng.ts'
import { DEFAULT_SIZE, type Grid, type Scene } from '../scene.ts'
import type { Art } from './art.ts'
import { BACKDROPS } from './backdrop.ts'
import { showsHeldOutThings } from './held-out.ts'
import type { Item } from './item.ts'
import { LAY, type Layout } from './layouts.ts'
import { withSight } from './masks.ts'
import { TRAINED_VENDORS, type Vendor } from './table.ts'

/** Which scene of things: the same key and art always give the same scene. */
export interface ThingSceneKey extends Omit<SceneKey, 'kind'> {
  readonly art: Art
  /** One layout instead of the usual mix. */
  readonly layout?: Layout
  /** Whose drawings are shown, those of the trained vendors unless given. */
  readonly vendors?: readonly Vendor[]
  /** Share of things that are dipped in a colour, .15 unless given. */
  readonly tints?: number
  /** Names to draw from, all unless given. */
  readonly names?: readonly string[]
  /** What a free layout shows, one by one. */
  readonly exactly?: readonly string[]
}

const LAYOUT_WEIGHTS: Readonly<Record<Layout, number>> = {
  single: 16,
  free: 36,
  crowd: 14,
  odd: 8,
  grid: 10,
  words: 8,
  chart: 8,
}

/** Share of test scenes that show a held-out composition. */
const HELD_OUT_SHARE = 0.25
/** Scenes drawn before it is given up. */
const MOST_ATTEMPTS = 1000
/** What is seen less of is no part of a scene. */
export const LEAST_VISIBLE = 0.5

/** Throws FoveaError for vendors that the split must not see, or of which there is no art. */
export function assertVendors(split: SceneKey['split'], vendors: readonly Vendor[], art: Art): void {
  const unseen = vendors.find((vendor) => !TRAINED_VENDORS.includes(vendor))
  if (unseen && split !== 'test') {
    const message = `Drawings of ${unseen} are kept for tests: use the split test, or the vendors ${TRAINED_VENDORS.join(', ')}`
    throw new FoveaError('world-vendor', 'usage', message)
  }
  const missing = vendors.find((vendor) => !art.vendors.includes(vendor))
  if (missing === undefined && vendors.length > 0) return
  const message = `There is no art of "${missing ?? ''}": use one of ${art.vendors.join(', ')}`
  throw new FoveaError('world-vendor', 'usage', message)
}

function generate(layout: Layout, size: number, key: ThingSceneKey, rng: Rng): Scene {
  const { art, vendors = TRAINED_VENDORS, tints, names, exactly } = key
  const background = makeBackground(rng)
  const noise = rng.chance(0.25) ? rng.int(6, 18) : 0
  const mayStand = layout === 'single' || layout === 'free' || layout === 'crowd' || layout === 'odd'
  const backdrop = mayStand && rng.chance(0.3) ? { kind: rng.pick(BACKDROPS), seed: rng.uint32(), drift: 0 } : undefined
  const { items, ...rest } = LAY[layout](size, background, { art, vendors, tints, names, exactly }, rng)
  const seed = rng.uint32()
  const base = { kind: 'things' as const, size, seed, noise, background, objects: [], words: [], heldOut: false }
  return { ...base, ...(backdrop && { backdrop }), ...rest, items }
}

/** The scene with what is seen of its items; those that hardly show are taken away until none is left that does. */
function settled(scene: Scene, art: Art): Scene {
  const { size, grid } = scene
  const items = settle(scene.items!, size, art)
  return { ...scene, ...(grid && { grid: withCells(grid, items) }), items }
}

/** The cells of a grid with the items that stand in their middles. */
function withCells(grid: Grid, items: readonly Item[]): Grid {
  const { rows, columns, left, top, cell } = grid
  const cells = Array.from({ length: rows * columns }, (_, at) => {
    const [x, y] = [left + ((at % columns) + 0.5) * cell, top + (Math.floor(at / columns) + 0.5) * cell]
    return items.findIndex((item) => Math.abs(item.x - x) < cell / 2 && Math.abs(item.y - y) < cell / 2)
  })
  return { ...grid, cells }
}

const keptError = (split: SceneKey['split']): FoveaError => {
  const message = `No scene of the split ${split} may show these things together: name others, or use the split test`
  return new FoveaError('world-held-out', 'usage', message)
}

function settle(items: readonly Item[], size: number, art: Art): Item[] {
  let seen = withSight(items, size, art)
  while (seen.some(({ visible }) => visible < LEAST_VISIBLE)) {
    seen = withSight(
      seen.filter(({ visible }) => visible >= LEAST_VISIBLE),
      size,
      art,
    )
  }
  return seen
}

/**
 * A scene of things. Training and validation scenes never show a held-out tint or meeting of things; about a quarter of
 * the test scenes do. Throws FoveaError `world-size`, `world-vendor` and, for what cannot be drawn, `world-glyph`.
 */
export function makeThingScene(key: ThingSceneKey): Scene {
  const { split, seed, index, size = DEFAULT_SIZE, art, vendors = TRAINED_VENDORS } = key
  assertCanvas(size)
  assertVendors(split, vendors, art)
  const rng = Rng.from(seed, 'world', split, 'things', index)
  const layout = key.layout ?? rng.weighted(LAYOUT_WEIGHTS)
  const heldOut = split === 'test' && layout !== 'chart' && rng.chance(HELD_OUT_SHARE)
  for (let attempt = 0; ; attempt++) {
    const drawn = generate(layout, size, key, rng)
    if (attempt === MOST_ATTEMPTS) throw keptError(split)
    const isGivenUp = split === 'test' && (attempt > 200 || key.exactly !== undefined)
    const mayServe = (scene: Scene) => isGivenUp || showsHeldOutThings(scene) === heldOut
    if (!mayServe(drawn)) continue
    const scene = settled(drawn, art)
    if (mayServe(scene) && scene.items!.length > 0) return { ...scene, heldOut: showsHeldOutThings(scene) }
  }
}
