import { cover } from '../raster/coverage.ts'
import { multiply, scaling, translation } from '../raster/matrix.ts'
import { extentOf, transformed } from '../raster/polygon.ts'
import { createSurface, paintOver } from '../raster/surface.ts'
import type { Color, Rgb } from '../vocabulary.ts'
import type { Layer } from './svg.ts'

/** Side of the picture that colours are counted on. */
const SIDE = 32
/** Share of a drawing that must have one colour for it to be called by it. */
const FAIR_SHARE = 0.6

/** Upper ends of the hues that a word names, in degrees. */
const HUES: readonly (readonly [number, Color])[] = [
  [17, 'red'],
  [43, 'orange'],
  [66, 'yellow'],
  [165, 'green'],
  [200, 'cyan'],
  [258, 'blue'],
  [292, 'purple'],
  [340, 'pink'],
  [360, 'red'],
]

function hueOf([r, g, b]: Rgb): number {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
  const sector =
    most === r ? (g - b) / (most - least) : most === g ? 2 + (b - r) / (most - least) : 4 + (r - g) / (most - least)
  return (60 * sector + 360) % 360
}

/** The colour word that a person would most likely use: by hue, and by lightness for browns, pinks and grays. */
export function colorWord(rgb: Rgb): Color {
  const [most, least] = [Math.max(...rgb), Math.min(...rgb)]
  const lightness = (most + least) / 510
  const chroma = (most - least) / 255
  if (lightness < 0.12) return 'black'
  if (chroma < 0.13) return lightness > 0.85 ? 'white' : lightness < 0.2 ? 'black' : 'gray'
  const hue = hueOf(rgb)
  const word = HUES.find(([end]) => hue <= end)![1]
  if ((word === 'red' || word === 'orange') && lightness < 0.42 && chroma < 0.6 && hue > 5 && hue < 45) return 'brown'
  if (word === 'red' && lightness > 0.72) return 'pink'
  return word
}

/** The colour word that fits most of a drawing; undefined where none does. */
export function mainColor(layers: readonly Layer[]): Color | undefined {
  const [left, top, right, bottom] = extentOf(layers.flatMap(({ polygons }) => polygons))
  const matrix = multiply(scaling(SIDE / Math.max(right - left, bottom - top)), translation(-left, -top))
  const surface = createSurface(SIDE)
  const inked = new Uint8Array(SIDE * SIDE)
  for (const { polygons, rule, paint } of layers) {
    const area = cover(
      polygons.map((polygon) => transformed(polygon, matrix)),
      rule,
      SIDE,
    )
    if (!area) continue
    paintOver(surface, area, paint, matrix)
    for (const [at, share] of area.shares.entries()) {
      const [x, y] = [area.left + (at % area.width), area.top + Math.floor(at / area.width)]
      if (share > 0.5) inked[y * SIDE + x] = 1
    }
  }
  return mostFrequent(surface.data, inked)
}

function mostFrequent(data: Uint8ClampedArray, inked: Uint8Array): Color | undefined {
  const counts = new Map<Color, number>()
  let total = 0
  for (const [at, isInked] of inked.entries()) {
    if (!isInked) continue
    const color = colorWord([data[4 * at], data[4 * at + 1], data[4 * at + 2]])
    counts.set(color, (counts.get(color) ?? 0) + 1)
    total++
  }
  const [color, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [undefined!, 0])
  return total > 0 && count >= FAIR_SHARE * total ? color : undefined
}
