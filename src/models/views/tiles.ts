import type { RgbImage } from '../../media/image.ts'
import { cropImage } from './image-processor.ts'
import type { View } from './view.ts'

/** The tiles of an image row by row; it is whole tiles wide and high. */
export function cutTiles(image: RgbImage, width: number, height = width): View[] {
  const columns = image.width / width
  return Array.from({ length: columns * (image.height / height) }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const part = cropImage(image, { left: column * width, top: row * height, width, height })
    return { image: part, width, height, tile: { row: row + 1, column: column + 1 } }
  })
}
