import { z } from 'zod'
import { type RgbImage, resizeImage } from '../../media/image.ts'
import { configError, parseConfig, size } from '../config.ts'
import { type Architecture, type Extent, family, type Grid, type PackedSlot, type View } from '../family.ts'
import { cropImage, filterOf, type PreprocessorConfig } from '../image-processor.ts'
import { visionTowerOf } from '../vision/towers.ts'
import { llavaArchitecture, llavaFields, llavaWeightName } from './llava.ts'

/**
 * LLaVA-NeXT, or LLaVA 1.6 (Liu et al., LLaVA-NeXT: Improved reasoning, OCR, and world knowledge, 2024): the whole image
 * small, then its tiles at the best of several resolutions, without the padding and with a learnt token after each row.
 */
const schema = z.object({
  model_type: z.literal('llava_next'),
  ...llavaFields,
  image_grid_pinpoints: z
    .array(z.tuple([size, size]))
    .min(1)
    .nullish()
    .transform((value) => value ?? PINPOINTS),
})

/** Height and width, in pixels, of the resolutions that images are fitted into. */
type Pinpoint = [height: number, width: number]

const PINPOINTS: Pinpoint[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
]

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

/** The image as large as fits into `target`, in its middle, black around it. */
function fitInto(image: RgbImage, target: Extent, filter: ReturnType<typeof filterOf>): RgbImage {
  const [across, down] = [target.width / image.width, target.height / image.height]
  const width = across < down ? target.width : Math.min(Math.ceil(image.width * down), target.width)
  const height = across < down ? Math.min(Math.ceil(image.height * across), target.height) : target.height
  const [left, top] = [Math.floor((target.width - width) / 2), Math.floor((target.height - height) / 2)]
  return cropImage(resizeImage(image, width, height, filter), { left: -left, top: -top, ...target })
}

/** The whole image, then the tiles row by row; `target` is whole tiles wide and high. */
function anyResolutionViews(
  image: RgbImage,
  target: Extent,
  tile: number,
  filter: ReturnType<typeof filterOf>,
): View[] {
  const padded = fitInto(image, target, filter)
  const columns = target.width / tile
  const tiles = Array.from({ length: columns * (target.height / tile) }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const part = cropImage(padded, { left: column * tile, top: row * tile, width: tile, height: tile })
    return { image: part, width: tile, height: tile, tile: { row: row + 1, column: column + 1 } }
  })
  return [{ image, width: tile, height: tile }, ...tiles]
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

/** The whole image, then the rows that run through all tiles, each with a separator at its end. */
export function packTiles(image: Extent, views: readonly View[], grid: (view: View) => Grid): PackedSlot[] {
  const slots: PackedSlot[] = []
  const tiles = new Map<string, number>()
  for (const [index, view] of views.entries()) {
    if (view.tile) tiles.set(`${view.tile.row},${view.tile.column}`, index)
    else for (let patch = 0; patch < grid(view).rows * grid(view).columns; patch++) slots.push({ view: index, patch })
  }
  const shown = views.filter((view) => view.tile)
  if (shown.length === 0) return [...slots, 'separator']
  const cell = grid(shown[0])
  const [down, across] = [Math.max(...shown.map((v) => v.tile!.row)), Math.max(...shown.map((v) => v.tile!.column))]
  const area = unpadded(image, { rows: down * cell.rows, columns: across * cell.columns })
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) {
      const view = tiles.get(`${1 + Math.floor(y / cell.rows)},${1 + Math.floor(x / cell.columns)}`)!
      slots.push({ view, patch: (y % cell.rows) * cell.columns + (x % cell.columns) })
    }
    slots.push('separator')
  }
  return slots
}

/** Tiles are views of the encoder's own size, and resolutions whole numbers of them. */
function assertTiles(pinpoints: readonly Pinpoint[], tile: number, processor?: PreprocessorConfig): void {
  const { crop_size: crop, size: target } = processor ?? {}
  const sides = [crop, target].flatMap((area) => (area ? Object.values(area) : []))
  if (sides.some((side) => side !== tile))
    throw configError(
      'vision_config.image_size',
      `the image processor makes views of ${sides}, the encoder takes ${tile}`,
    )
  const odd = pinpoints.find((pinpoint) => pinpoint.some((side) => side % tile))
  if (odd) throw configError('image_grid_pinpoints', `[${odd}] is not a whole number of tiles of ${tile} pixels`)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const base = llavaArchitecture(config)
  const { special } = visionTowerOf(config.vision_config, 'vision_config')
  if (special > 0 && config.vision_feature_select_strategy === 'full')
    throw configError('vision_feature_select_strategy', '"full" keeps a CLS token, which has no place among the tiles')
  const tile = base.viewSize
  const offered = processor?.image_grid_pinpoints ?? config.image_grid_pinpoints
  assertTiles(offered, tile, processor)
  const filter = filterOf(processor ?? {})
  return {
    ...base,
    name: 'llava_next',
    views: (image) => anyResolutionViews(image, bestResolution(image, offered), tile, filter),
    pack: (image, views) => packTiles(image, views, base.grid),
    separator: (p) => p('image_newline', [base.hiddenSize]),
  }
}

export const llavaNext = family({ id: 'llava-next', modelTypes: ['llava_next'], weightName: llavaWeightName, bind })
