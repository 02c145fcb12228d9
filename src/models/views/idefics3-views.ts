/** The views of Idefics3 and SmolVLM: an image in tiles, and the text around each. */
import { type RgbImage, resizeImage } from '../../media/image.ts'
import { filterOf, type PreprocessorConfig } from './image-processor.ts'
import { cutTiles } from './tiles.ts'
import { type Extent, hasText, type View, wholeOf } from './view.ts'

/** Longest side that an image may be resized to. */
export const MAX_EDGE = 4096

export interface Tiling {
  /** Side of a tile in pixels. */
  readonly tile: number
  /** What the longer side of an image is resized to; absent: it keeps its size. */
  readonly longest?: number
  readonly split: boolean
}

export function tilingOf(processor: PreprocessorConfig | undefined, imageSize: number): Tiling {
  const { size: target, max_image_size, do_resize = true, do_image_splitting = true } = processor ?? {}
  const tile = max_image_size?.longest_edge ?? imageSize
  const longest = target && 'longest_edge' in target ? target.longest_edge : 4 * tile
  return { tile, ...(do_resize && { longest: Math.min(longest, MAX_EDGE) }), split: do_image_splitting }
}

/** The size whose longer side is `longest`; the shorter one is cut to whole pixels and then made even. */
function rescaled({ width, height }: RgbImage, longest: number): Extent {
  const even = (side: number) => Math.max(1, side + (side % 2))
  const aspect = width / height
  if (width >= height) return { width: longest, height: even(Math.trunc(longest / aspect)) }
  return { width: even(Math.trunc(longest * aspect)), height: longest }
}

/** Both sides up to whole tiles: the longer one first, the other from the aspect that it had. */
function wholeTiles({ width, height }: RgbImage, tile: number): Extent {
  const up = (side: number) => Math.ceil(side / tile) * tile
  const aspect = width / height
  if (width >= height) return { width: up(width), height: up(Math.trunc(up(width) / aspect)) }
  return { width: up(Math.trunc(up(height) * aspect)), height: up(height) }
}

/** The tiles of an image row by row and then the whole image, all of one size; a small image is one view. */
export function tileViews(
  image: RgbImage,
  { tile, longest, split }: Tiling,
  filter = filterOf({ resample: 1 }),
): View[] {
  const resized = (from: RgbImage, { width, height }: Extent) =>
    from.width === width && from.height === height ? from : resizeImage(from, width, height, filter)
  const scaled = longest === undefined ? image : resized(image, rescaled(image, longest))
  if (!split) return [{ image: resized(scaled, { width: tile, height: tile }), width: tile, height: tile }]
  const whole = resized(scaled, wholeTiles(scaled, tile))
  const overview = { image: resized(whole, { width: tile, height: tile }), width: tile, height: tile }
  if (whole.width === tile && whole.height === tile) return [overview]
  return [...cutTiles(whole, tile, wholeOf(image)), overview]
}

export const FENCE = '<fake_token_around_image>'

/**
 * `<fence><row_1_col_1><image>...`, a line per row of tiles, then the whole image after an empty line; without tags where
 * a method writes its own.
 */
export function tilePrompt(views: readonly View[]): string {
  if (hasText(views)) return views.map(() => `${FENCE}<image>`).join('') + FENCE
  const parts = views.map(({ tile }, index) => {
    const before = views[index - 1]?.tile
    if (!tile) return `${before ? '\n\n' : ''}${FENCE}<global-img><image>`
    return `${before && before.row !== tile.row ? '\n' : ''}${FENCE}<row_${tile.row}_col_${tile.column}><image>`
  })
  return parts.join('') + FENCE
}
