import { type RgbImage, resizeImage } from '../../media/image.ts'
import { configError } from '../config.ts'
import type { Grid } from '../vision-side.ts'
import { cropImage, type filterOf, type PreprocessorConfig } from './image-processor.ts'
import type { PackedSlot } from './prompt-form.ts'
import { cutTiles } from './tiles.ts'
import { type Box, type Extent, partOf, type View, wholeOf } from './view.ts'

/** Height and width, in pixels, of the resolutions that images are fitted into. */
export type Pinpoint = [height: number, width: number]

/** The resolution that keeps most pixels of the image and, among equals, wastes the fewest of its own; the first of those. */
export function bestResolution({ width, height }: Extent, pinpoints: readonly Pinpoint[]): Extent {
  const judged = pinpoints.map(([high, wide]) => {
    const scale = Math.min(wide / width, high / height)
    const kept = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height)
    return { width: wide, height: high, kept, wasted: wide * high - kept }
  })
  return judged.reduce((best, next) =>
    next.kept > best.kept || (next.kept === best.kept && next.wasted < best.wasted) ? next : best,
  )
}

/** The image as large as fits into `target`, in its middle, black around it; and the part of it that this shows. */
function fitInto(image: RgbImage, target: Extent, filter: ReturnType<typeof filterOf>): [RgbImage, Box] {
  const [across, down] = [target.width / image.width, target.height / image.height]
  const width = across < down ? target.width : Math.min(Math.ceil(image.width * down), target.width)
  const height = across < down ? Math.min(Math.ceil(image.height * across), target.height) : target.height
  const [left, top] = [Math.floor((target.width - width) / 2), Math.floor((target.height - height) / 2)]
  const crop = { left: -left, top: -top, ...target }
  const shown = partOf(wholeOf(image), { width, height }, crop)
  return [cropImage(resizeImage(image, width, height, filter), crop), shown]
}

/** The whole image, then the tiles row by row; `target` is whole tiles wide and high. */
export function anyResolutionViews(
  image: RgbImage,
  target: Extent,
  tile: number,
  filter: ReturnType<typeof filterOf>,
): View[] {
  const [fitted, shown] = fitInto(image, target, filter)
  return [{ image, width: tile, height: tile }, ...cutTiles(fitted, tile, shown)]
}

/** The rows and columns of a grid that show the image and not the padding: first (included) to last (excluded). */
export function unpadded(image: Extent, { rows, columns }: Grid) {
  const whole = (value: number) => Math.trunc(Number(value.toFixed(7)))
  if (image.width / image.height > columns / rows) {
    const padding = Math.floor((rows - whole(image.height * (columns / image.width))) / 2)
    return { top: padding, bottom: rows - padding, left: 0, right: columns }
  }
  const padding = Math.floor((columns - whole(image.width * (rows / image.height))) / 2)
  return { top: 0, bottom: rows, left: padding, right: columns - padding }
}

/**
 * How often `part` goes into `whole`, counted as Python's `//` does from the exact remainder: a ratio of 5/3, whose nearest
 * number is a bit more, goes into 135 only 80 times, while the quotient is rounded to 81.
 */
export const timesIn = (whole: number, part: number): number => Math.round((whole - (whole % part)) / part)

/**
 * The whole image, then the rows that run through all tiles, each with a separator at its end. What is larger than
 * `mostTiles` tiles is resampled to their size.
 */
export function packTiles(
  image: Extent,
  views: readonly View[],
  grid: (view: View) => Grid,
  mostTiles = Number.POSITIVE_INFINITY,
): PackedSlot[] {
  const slots: PackedSlot[] = []
  const tiles = new Map<string, number>()
  for (const [index, view] of views.entries()) {
    if (view.tile) tiles.set(`${view.tile.row},${view.tile.column}`, index)
    else
      for (let patch = 0; patch < grid(view).rows * grid(view).columns; patch++)
        slots.push([{ view: index, patch, weight: 1 }])
  }
  const shown = views.filter((view) => view.tile)
  if (shown.length === 0) return [...slots, 'separator']
  const cell = grid(shown[0])
  const [down, across] = [Math.max(...shown.map((v) => v.tile!.row)), Math.max(...shown.map((v) => v.tile!.column))]
  const area = unpadded(image, { rows: down * cell.rows, columns: across * cell.columns })
  const at = (y: number, x: number) => ({
    view: tiles.get(`${1 + Math.floor(y / cell.rows)},${1 + Math.floor(x / cell.columns)}`)!,
    patch: (y % cell.rows) * cell.columns + (x % cell.columns),
  })
  const [rows, columns] = [area.bottom - area.top, area.right - area.left]
  const ratio = Math.sqrt((rows * columns) / (mostTiles * cell.rows * cell.rows))
  const shrink = ratio > 1.1 ? (count: number) => timesIn(count, ratio) : (count: number) => count
  const places = samples(columns, shrink(columns))
  for (const y of samples(rows, shrink(rows))) {
    for (const x of places)
      slots.push(
        y.flatMap((v) => x.map((h) => ({ ...at(area.top + v.from, area.left + h.from), weight: v.weight * h.weight }))),
      )
    slots.push('separator')
  }
  return slots
}

/** Frame after frame at half as many rows and columns (rounded up), and one separator at the end of the video. */
export function packFrames(views: readonly View[], grid: (view: View) => Grid): PackedSlot[] {
  const slots = views.flatMap((each, view) => {
    const { rows, columns } = grid(each)
    const places = samples(columns, Math.ceil(columns / 2))
    const place = (y: Sample[], x: Sample[]) =>
      y.flatMap((v) => x.map((h) => ({ view, patch: v.from * columns + h.from, weight: v.weight * h.weight })))
    return samples(rows, Math.ceil(rows / 2)).flatMap((y) => places.map((x) => place(y, x)))
  })
  return [...slots, 'separator']
}

interface Sample {
  readonly from: number
  readonly weight: number
}

/** Bilinear resampling of `from` samples to `to`, without antialiasing: for each new sample what it is mixed of. */
function samples(from: number, to: number): Sample[][] {
  return Array.from({ length: to }, (_, index) => {
    const centre = Math.max(0, ((index + 0.5) * from) / to - 0.5)
    const first = Math.floor(centre)
    const share = centre - first
    if (share === 0 || first === from - 1) return [{ from: first, weight: 1 }]
    return [
      { from: first, weight: 1 - share },
      { from: first + 1, weight: share },
    ]
  })
}

/** Published models have up to 36. */
const MOST_TILES = 256

/** Tiles are views of the encoder's own size, and resolutions whole numbers of them. */
export function assertTiles(pinpoints: readonly Pinpoint[], tile: number, processor?: PreprocessorConfig): void {
  const { crop_size: crop, size: target } = processor ?? {}
  const sides = [crop, target].flatMap((area) => (area ? Object.values(area) : []))
  if (sides.some((side) => side !== tile))
    throw configError(
      'vision_config.image_size',
      `the image processor makes views of ${sides}, the encoder takes ${tile}`,
    )
  const odd = pinpoints.find((pinpoint) => pinpoint.some((side) => side % tile))
  const most = pinpoints.find(([high, wide]) => (high / tile) * (wide / tile) > MOST_TILES)
  if (most) throw configError('image_grid_pinpoints', `[${most}] is more than ${MOST_TILES} tiles of ${tile} pixels`)
  if (odd) throw configError('image_grid_pinpoints', `[${odd}] is not a whole number of tiles of ${tile} pixels`)
}
