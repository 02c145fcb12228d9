import type { RgbImage } from '../image.ts'

/** How a frame is to be shown: turned clockwise by so many degrees, then mirrored left to right. */
export interface Orientation {
  readonly rotation: 0 | 90 | 180 | 270
  readonly flip: boolean
}

/** The image as it is to be seen. */
export function oriented(image: RgbImage, { rotation, flip }: Orientation): RgbImage {
  if (rotation === 0 && !flip) return image
  const { data, width, height } = image
  const turned = rotation === 90 || rotation === 270
  const [newWidth, newHeight] = turned ? [height, width] : [width, height]
  const out = new Uint8Array(data.length)
  for (let y = 0; y < newHeight; y++)
    for (let x = 0; x < newWidth; x++) {
      const from = sourceOf(flip ? newWidth - 1 - x : x, y, rotation, width, height) * 3
      const to = (y * newWidth + x) * 3
      out[to] = data[from]
      out[to + 1] = data[from + 1]
      out[to + 2] = data[from + 2]
    }
  return { data: out, width: newWidth, height: newHeight }
}

/** Which pixel of a width x height image lies at (x, y) once it is turned. */
function sourceOf(x: number, y: number, rotation: Orientation['rotation'], width: number, height: number): number {
  switch (rotation) {
    case 0:
      return y * width + x
    case 90:
      return (height - 1 - x) * width + y
    case 180:
      return (height - 1 - y) * width + (width - 1 - x)
    case 270:
      return x * width + (width - 1 - y)
  }
}
