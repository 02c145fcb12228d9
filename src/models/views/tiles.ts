import type { RgbImage } from '../../media/image.ts'
import { cropImage } from './image-processor.ts'
import { type Box, type Extent, partOf, type View } from './view.ts'

/**
 * The tiles of an image row by row; it is whole tiles wide and high.
 * @param tile their size, or the side of squares
 * @param shown the part of the original that the image shows
 */
export function cutTiles(image: RgbImage, tile: Extent | number, shown: Box): View[] {
  const { width, height } = typeof tile === 'number' ? { width: tile, height: tile } : tile
  const columns = image.width / width
  return Array.from({ length: columns * (image.height / height) }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const crop = { left: column * width, top: row * height, width, height }
    const place = { box: partOf(shown, image, crop), tile: { row: row + 1, column: column + 1 } }
    return { image: cropImage(image, crop), width, height, ...place }
  })
}
