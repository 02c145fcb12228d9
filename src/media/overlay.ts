/** Pictures of a token budget: which patches of an image a method kept. */
import { FoveaError } from '../errors.ts'
import type { CanvasFactory, DrawingCanvas } from './canvas.ts'
import type { RgbImage } from './image.ts'

/** Position of one patch in the grid, from the top left. */
export interface GridCell {
  row: number
  col: number
}

export interface KeptTokens {
  /** Rows and columns of the patch grid that covers the image. */
  grid: readonly [rows: number, cols: number]
  /** The patches that stayed, or a share from 0 (dropped) to 1 (kept) per patch in raster order. */
  kept: readonly GridCell[] | Float32Array
}

export interface OverlayOptions {
  createCanvas: CanvasFactory
  /** How dark a dropped patch becomes, 0 to 1; default 0.75. */
  dim?: number
  /** CSS colour of the outline of kept patches. */
  outline?: string
  /** The longer side of the picture in pixels is at least this, so that small images stay legible; default 512. */
  minSide?: number
}

function invalid(message: string): FoveaError {
  return new FoveaError('overlay_invalid', 'input', message)
}

/** A share per patch, raster order `[rows * cols]`. */
function keptShares({ grid: [rows, cols], kept }: KeptTokens): Float32Array {
  if (!(Number.isInteger(rows) && Number.isInteger(cols) && rows > 0 && cols > 0)) {
    throw invalid(`a patch grid needs whole numbers from 1, got ${rows}x${cols}`)
  }
  if (kept instanceof Float32Array) {
    if (kept.length !== rows * cols) throw invalid(`${kept.length} shares for a grid of ${rows}x${cols} patches`)
    if (kept.some((share) => !(share >= 0 && share <= 1))) throw invalid('shares of patches must lie between 0 and 1')
    return kept
  }
  const shares = new Float32Array(rows * cols)
  for (const { row, col } of kept) {
    const inside = Number.isInteger(row) && Number.isInteger(col) && row >= 0 && row < rows && col >= 0 && col < cols
    if (!inside) throw invalid(`patch (row ${row}, column ${col}) is outside the grid of ${rows}x${cols}`)
    shares[row * cols + col] = 1
  }
  return shares
}

function toRgba({ data, width, height }: RgbImage): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4)
    rgba[i * 4 + 3] = 255
  }
  return rgba
}

function drawCells(
  canvas: DrawingCanvas,
  shares: Float32Array,
  cols: number,
  cell: [number, number],
  dim: number,
): void {
  const [width, height] = cell
  const inset = canvas.context.lineWidth / 2
  shares.forEach((share, index) => {
    const x = (index % cols) * width
    const y = Math.floor(index / cols) * height
    canvas.context.fillStyle = `rgba(0, 0, 0, ${dim * (1 - share)})`
    if (share < 1) canvas.context.fillRect(x, y, width, height)
    if (share > 0) canvas.context.strokeRect(x + inset, y + inset, width - 2 * inset, height - 2 * inset)
  })
}

/**
 * The image with dropped patches darkened and kept ones outlined, as PNG bytes.
 * Small images are enlarged by a whole factor; the grid is stretched over the full image.
 * @throws FoveaError `overlay_invalid`
 */
export async function drawKeptTokens(
  image: RgbImage,
  tokens: KeptTokens,
  options: OverlayOptions,
): Promise<Uint8Array> {
  const { createCanvas, dim = 0.75, outline = '#00e5ff', minSide = 512 } = options
  const [rows, cols] = tokens.grid
  const shares = keptShares(tokens)
  const factor = Math.max(1, Math.ceil(minSide / Math.max(image.width, image.height)))
  const [width, height] = [image.width * factor, image.height * factor]
  const canvas = createCanvas(width, height)
  canvas.context.imageSmoothingEnabled = false
  canvas.drawPixels(toRgba(image), image.width, image.height)
  canvas.context.strokeStyle = outline
  canvas.context.lineWidth = Math.max(1, Math.round(Math.min(width / cols, height / rows) / 12))
  drawCells(canvas, shares, cols, [width / cols, height / rows], dim)
  return canvas.toPng()
}
