import type { Rng } from '../rng.ts'
import type { Background, Chart, Grid, Word } from '../scene.ts'
import { makeChart } from '../scenes/chart.ts'
import { makeWords, wordBoxes } from '../scenes/text.ts'
import { type CastOptions, candidates, makeFigure, makeThing, pickName, type Spot } from './cast.ts'
import type { Item } from './item.ts'
import { findSpots } from './spots.ts'
import { thingNamed } from './table.ts'

export const LAYOUTS = ['single', 'free', 'crowd', 'odd', 'grid', 'words', 'chart'] as const
export type Layout = (typeof LAYOUTS)[number]

/** What a layout puts on the canvas. */
export interface LaidOut {
  readonly items: Item[]
  readonly words?: Word[]
  readonly grid?: Grid
  readonly chart?: Chart
}

type Lay = (size: number, background: Background, cast: CastOptions, rng: Rng) => LaidOut

/** Things at spots, as one vendor draws them, and now and then a shape. */
function fillSpots(
  spots: readonly Spot[],
  background: Background,
  cast: CastOptions,
  figures: number,
  rng: Rng,
): Item[] {
  const { vendor, things } = candidates(cast, rng)
  const wanted = cast.exactly?.filter((name) => thingNamed(name).icons[vendor] !== undefined)
  if (wanted) return spots.slice(0, wanted.length).map((spot, i) => makeThing(wanted[i], vendor, spot, cast, rng))
  return spots.map((spot) =>
    rng.chance(figures) ? makeFigure(spot, background, rng) : makeThing(pickName(things, rng), vendor, spot, cast, rng),
  )
}

const single: Lay = (size, background, cast, rng) => ({
  items: fillSpots(findSpots(1, { size, radius: [0.22, 0.42] }, rng), background, cast, 0, rng),
})

const free: Lay = (size, background, cast, rng) => {
  const crowded = rng.chance(0.35)
  const options = { size, radius: [0.1, 0.21], overlap: crowded ? 0.3 : 0.05, truncate: rng.chance(0.25) } as const
  return {
    items: fillSpots(findSpots(cast.exactly?.length ?? rng.int(2, 6), options, rng), background, cast, 0.18, rng),
  }
}

/** A few kinds of things, several of each. */
const crowd: Lay = (size, _background, cast, rng) => {
  const { vendor, things } = candidates(cast, rng)
  const names = Array.from({ length: rng.int(1, 3) }, () => pickName(things, rng))
  const spots = findSpots(rng.int(3, 9), { size, radius: [0.08, 0.14] }, rng)
  return { items: spots.map((spot) => makeThing(rng.pick(names), vendor, spot, cast, rng)) }
}

/** Three or four things of one group and one of another. */
const odd: Lay = (size, _background, cast, rng) => {
  const { vendor, things } = candidates(cast, rng)
  const first = things.find(({ name }) => name === pickName(things, rng)) ?? things[0]
  const same = things.filter(({ group }) => group === first.group)
  const others = things.filter(({ group }) => group !== first.group)
  const names = [
    pickName(others, rng),
    ...rng
      .shuffle(same)
      .slice(0, rng.int(3, 4))
      .map(({ name }) => name),
  ]
  const spots = findSpots(names.length, { size, radius: [0.13, 0.19] }, rng)
  return { items: spots.map((spot, i) => makeThing(names[i], vendor, spot, cast, rng)) }
}

const grid: Lay = (size, background, cast, rng) => {
  const [rows, columns] = [rng.int(2, 3), rng.int(2, 3)]
  const cell = (0.96 * size) / Math.max(rows, columns)
  const [left, top] = [(size - columns * cell) / 2, (size - rows * cell) / 2]
  const spots = Array.from(
    { length: rows * columns },
    (_, i): Spot => ({
      x: left + ((i % columns) + 0.5) * cell,
      y: top + (Math.floor(i / columns) + 0.5) * cell,
      radius: cell * rng.float(0.32, 0.42),
    }),
  )
  const items = fillSpots(spots, background, cast, 0.15, rng)
  const cells = items.map((_, i) => i)
  return { items, grid: { rows, columns, left, top, cell, cells, ink: [128, 128, 128] } }
}

const words: Lay = (size, background, cast, rng) => {
  const written = makeWords(background, size, rng).slice(0, 1)
  const taken = wordBoxes(written, size)
  const spots = findSpots(rng.int(1, 4), { size, radius: [0.1, 0.17], taken }, rng)
  return { words: written, items: fillSpots(spots, background, cast, 0.15, rng) }
}

/** Bars that stand above things instead of names. */
const chart: Lay = (size, background, cast, rng) => {
  const { vendor, things } = candidates(cast, rng)
  const drawn = makeChart(background, size, rng)
  const names = new Set<string>()
  while (names.size < drawn.bars.length) names.add(pickName(things, rng))
  const labels = [...names]
  const items = drawn.bars.map(({ box }, i) => {
    const spot = { x: (box[0] + box[2]) / 2, y: 0.925 * size, radius: 0.07 * size }
    return { ...makeThing(labels[i], vendor, spot, { ...cast, tints: 0 }, rng), rotation: 0 }
  })
  const bars = drawn.bars.map((bar) => ({ ...bar, label: { ...bar.label, text: '' } }))
  return { chart: { ...drawn, bars }, items }
}

export const LAY: Readonly<Record<Layout, Lay>> = { single, free, crowd, odd, grid, words, chart }
