/** Several frames of a video tiled into one picture. */
import { type RgbImage, resizeImage } from '../../../media/image.ts'

/** Rows and columns for n frames: of all pairs of factors the nearest two, more rows than columns. */
export function gridFor(n: number): { rows: number; columns: number } {
  let columns = Math.floor(Math.sqrt(n))
  while (n % columns !== 0) columns--
  return { rows: n / columns, columns }
}

/** As many frames as a thumbnail takes of so many: a number that tiles in both directions, or one. */
export function tileable(n: number): number {
  while (n > 1 && gridFor(n).columns === 1) n--
  return n
}

/** The frames row by row in the order of time, each squeezed into its cell, in a picture as large as the first of them. */
export function thumbnail(frames: readonly RgbImage[]): RgbImage {
  const [{ width, height }] = frames
  const { rows, columns } = gridFor(frames.length)
  const edge = (at: number, of: number, length: number) => Math.floor((at * length) / of)
  const picture = { data: new Uint8Array(3 * width * height), width, height }
  for (const [at, frame] of frames.entries()) {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const [left, right] = [edge(column, columns, width), edge(column + 1, columns, width)]
    const [top, bottom] = [edge(row, rows, height), edge(row + 1, rows, height)]
    paste(picture, squeezed(frame, right - left, bottom - top), left, top)
  }
  return picture
}

/** Means of areas where a side shrinks, straight lines between pixels where none does. */
const squeezed = (frame: RgbImage, width: number, height: number): RgbImage =>
  resizeImage(frame, width, height, width < frame.width || height < frame.height ? 'box' : 'bilinear')

function paste(into: RgbImage, { data, width, height }: RgbImage, left: number, top: number): void {
  for (let row = 0; row < height; row++)
    into.data.set(data.subarray(3 * row * width, 3 * (row + 1) * width), 3 * ((top + row) * into.width + left))
}
