import type { RgbImage } from '../../media/image.ts'
import { cropImage } from './image-processor.ts'
import type { View } from './view.ts'

/** The tiles of an image row by row; it is whole tiles wide and high. */
export function cutTiles(image: RgbImage, tile: number): View[] {
  const columns = image.width / tile
  return Array.from({ length: columns * (image.height / tile) }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const part = cropImage(image, { left: column * tile, top: row * tile, width: tile, height: tile })
    return { image: part, width: tile, height: tile, tile: { row: row + 1, column: column + 1 } }
  })
}
