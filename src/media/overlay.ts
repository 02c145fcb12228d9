/** Pictures of a token budget: which patches of an image a method kept. */
import { FoveaError } from '../errors.ts'
import type { CanvasFactory, DrawingCanvas } from './canvas.ts'
import { type RgbImage, toRgba } from './image.ts'

/** Position of one patch in the grid, from the top left. */
export interface GridCell {
  row: number
  col: number
}

/** A rectangle in pixels of the image; it may reach beyond it. */
export interface ImageBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What became of the patches of one view. */
export interface KeptTokens {
  /** Rows and columns of the patch grid that covers the view. */
  grid: readonly [rows: number, cols: number]
  /** The patches that stayed, or a share from 0 (dropped) to 1 (kept) per patch in raster order. */
  kept: readonly GridCell[] | Float32Array
  /** Which part of the image the view shows; all of it if not given. */
  box?: ImageBox
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

/** A patch on the canvas, in whole pixels of it. */
interface Patch {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly share: number
}

/** The patches of a view where they lie on the canvas; those that lie beyond it are left out, others cut at its edge. */
function patchesOf(tokens: KeptTokens, image: ImageBox, factor: number): Patch[] {
  const [rows, cols] = tokens.grid
  const { left, top, width, height } = tokens.box ?? image
  const edge = (at: number, most: number) => Math.min(Math.max(Math.round(at * factor), 0), most * factor)
  const x = (col: number) => edge(left + (col * width) / cols, image.width)
  const y = (row: number) => edge(top + (row * height) / rows, image.height)
  return Array.from(keptShares(tokens), (share, index) => {
    const [row, col] = [Math.floor(index / cols), index % cols]
    return { left: x(col), right: x(col + 1), top: y(row), bottom: y(row + 1), share }
  }).filter(({ left, right, top, bottom }) => right > left && bottom > top)
}

const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b)

/** The canvas cut at the edges of all patches: for each piece the largest share of a patch over it, -1 where there is none. */
function piecesOf(patches: readonly Patch[], width: number, height: number) {
  const xs = sorted([0, width, ...patches.flatMap(({ left, right }) => [left, right])])
  const ys = sorted([0, height, ...patches.flatMap(({ top, bottom }) => [top, bottom])])
  const [column, row] = [xs, ys].map((edges) => new Map(edges.map((edge, at) => [edge, at])))
  const columns = xs.length - 1
  const shares = new Float32Array(columns * (ys.length - 1)).fill(-1)
  for (const { left, right, top, bottom, share } of patches)
    for (let y = row.get(top)!; y < row.get(bottom)!; y++)
      for (let x = column.get(left)!; x < column.get(right)!; x++)
        shares[y * columns + x] = Math.max(shares[y * columns + x], share)
  return Array.from(shares, (share, at) => {
    const [x, y] = [at % columns, Math.floor(at / columns)]
    return { left: xs[x], right: xs[x + 1], top: ys[y], bottom: ys[y + 1], share }
  })
}

/** The two greys of squares that hide what the model did not see. */
const UNSEEN = ['#8a8a8a', '#5a5a5a']

/** Squares as behind transparent pictures, whose places do not depend on the piece. */
function chequer({ context }: DrawingCanvas, { left, right, top, bottom }: Patch, side: number): void {
  for (let y = top - (top % side); y < bottom; y += side)
    for (let x = left - (left % side); x < right; x += side) {
      const [from, above] = [Math.max(x, left), Math.max(y, top)]
      context.fillStyle = UNSEEN[(x / side + y / side) % 2]
      context.fillRect(from, above, Math.min(x + side, right) - from, Math.min(y + side, bottom) - above)
    }
}

function outlinePatches({ context }: DrawingCanvas, patches: readonly Patch[], thickness: number): void {
  context.lineWidth = thickness
  const inset = thickness / 2
  for (const { left, right, top, bottom, share } of patches) {
    const [width, height] = [right - left, bottom - top].map((side) => Math.max(0, side - thickness))
    if (share > 0.5) context.strokeRect(left + inset, top + inset, width, height)
  }
}

/**
 * The image with dropped patches darkened, those kept by more than half outlined, and chequered where no view shows it, as PNG bytes. What
 * several views show is as bright as the brightest of them. Small images are enlarged by a whole factor.
 * @throws FoveaError `overlay_invalid`
 */
export async function drawKeptTokens(
  image: RgbImage,
  tokens: KeptTokens | readonly KeptTokens[],
  options: OverlayOptions,
): Promise<Uint8Array> {
  const { createCanvas, dim = 0.75, outline = '#00e5ff', minSide = 512 } = options
  const factor = Math.max(1, Math.ceil(minSide / Math.max(image.width, image.height)))
  const [width, height] = [image.width * factor, image.height * factor]
  const whole = { left: 0, top: 0, width: image.width, height: image.height }
  const views = [tokens].flat().map((view) => patchesOf(view, whole, factor))
  const canvas = createCanvas(width, height)
  canvas.context.imageSmoothingEnabled = false
  canvas.drawPixels(toRgba(image), image.width, image.height)
  const side = Math.max(4, Math.round(Math.max(width, height) / 64))
  for (const piece of piecesOf(views.flat(), width, height)) {
    const { left, top, right, bottom, share } = piece
    if (share < 0) chequer(canvas, piece, side)
    canvas.context.fillStyle = `rgba(0, 0, 0, ${dim * (1 - share)})`
    if (share >= 0 && share < 1) canvas.context.fillRect(left, top, right - left, bottom - top)
  }
  canvas.context.strokeStyle = outline
  for (const patches of views) outlinePatches(canvas, patches, thicknessOf(patches))
  return canvas.toPng()
}

/** A twelfth of a patch, one pixel at least. */
function thicknessOf(patches: readonly Patch[]): number {
  const sides = patches.map(({ left, right, top, bottom }) => Math.min(right - left, bottom - top))
  return Math.max(1, Math.round(sides.reduce((most, side) => Math.max(most, side), 0) / 12))
}
