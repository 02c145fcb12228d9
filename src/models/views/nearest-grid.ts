import { type RgbImage, resizeImage } from '../../media/image.ts'
import { configError } from '../config.ts'
import type { Grid } from '../vision-side.ts'
import { filterOf, type PreprocessorConfig } from './image-processor.ts'
import { cutTiles } from './tiles.ts'
import { type Extent, type View, wholeOf } from './view.ts'

/** Images are cut into between `least` and `most` tiles. */
export interface Tiling {
  /** Side of a tile in pixels. */
  readonly tile: number
  readonly least: number
  readonly most: number
}

export function tilingOf(processor: PreprocessorConfig | undefined, imageSize: number): Tiling {
  const { size: target, min_patches: least = 1, max_patches: most = 12 } = processor ?? {}
  const sides = target ? Object.values(target) : [imageSize]
  if (sides.some((side) => side !== sides[0]))
    throw configError(
      'vision_config.image_size',
      `tiles must be squares, the image processor makes ${sides.join(' x ')}`,
    )
  return { tile: sides[0], least, most }
}

/**
 * The grid whose shape is nearest to the image's. Of grids as near the first, which has the fewest tiles, counts, until
 * one that the image fills to more than half.
 */
export function nearestGrid({ width, height }: Extent, { tile, least, most }: Tiling): Grid {
  const grids: Grid[] = []
  for (let columns = 1; columns <= most; columns++)
    for (let rows = 1; rows <= most; rows++)
      if (columns * rows >= least && columns * rows <= most) grids.push({ rows, columns })
  grids.sort((a, b) => a.rows * a.columns - b.rows * b.columns) // stable: narrow before wide
  const distance = ({ rows, columns }: Grid) => Math.abs(width / height - columns / rows)
  const isFilled = ({ rows, columns }: Grid) => width * height > 0.5 * tile * tile * rows * columns
  let best: Grid = { rows: 1, columns: 1 }
  let nearest = Number.POSITIVE_INFINITY
  for (const grid of grids) {
    if (distance(grid) < nearest || (distance(grid) === nearest && isFilled(grid))) best = grid
    nearest = Math.min(nearest, distance(grid))
  }
  return best
}

/** The tiles of an image row by row, then the whole of it where there are several; all of one size. */
export function gridViews(image: RgbImage, tiling: Tiling, filter = filterOf({})): View[] {
  const { tile } = tiling
  const whole = { image, width: tile, height: tile }
  const { rows, columns } = tiling.most > 1 ? nearestGrid(image, tiling) : { rows: 1, columns: 1 }
  if (rows * columns === 1) return [whole]
  return [...cutTiles(resizeImage(image, columns * tile, rows * tile, filter), tile, wholeOf(image)), whole]
}
