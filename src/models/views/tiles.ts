import type { RgbImage } from '../../media/image.ts'
import { cropImage } from './image-processor.ts'
import { type Box, partOf, type View } from './view.ts'

/**
 * The tiles of an image row by row; it is whole tiles wide and high.
 * @param shown the part of the original that the image shows
 */
export function cutTiles(image: RgbImage, tile: number, shown: Box): View[] {
  const columns = image.width / tile
  return Array.from({ length: columns * (image.height / tile) }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const crop = { left: column * tile, top: row * tile, width: tile, height: tile }
    const place = { box: partOf(shown, image, crop), tile: { row: row + 1, column: column + 1 } }
    return { image: cropImage(image, crop), width: tile, height: tile, ...place }
  })
}
