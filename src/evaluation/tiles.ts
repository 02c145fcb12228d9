/** Pictures with lines of text below them, side by side, as one picture. */
import type { Canvas, Image, SKRSContext2D } from '@napi-rs/canvas'
import { canvasPackage } from '../media/canvas-package.ts'
import { type RgbImage, toRgba } from '../media/image.ts'
import { FONTS } from '../world/fonts.ts'
import { registerFonts } from '../world/node-canvas.ts'

export interface Tile {
  /** Pixels, or a PNG. */
  readonly picture: RgbImage | Uint8Array
  readonly texts: readonly TileText[]
}

export interface TileText {
  readonly text: string
  readonly ink: keyof typeof INK
  /** Lines that it may take. */
  readonly most: number
}

export interface TilesOptions {
  readonly columns: number
  /** Of a picture, in pixels. */
  readonly side: number
  /** Its height, where it is not a square. */
  readonly high?: number
}

const INK = { right: '#1a7f37', wrong: '#cf222e', text: '#24292f', faint: '#6e7781', paper: '#ffffff' } as const
const [GAP, LINE] = [12, 14]

/** All tiles in rows, as a PNG. Throws FoveaError kind `resource` `package_missing`. */
export async function drawTiles(
  tiles: readonly Tile[],
  { columns, side, high = side }: TilesOptions,
): Promise<Uint8Array> {
  registerFonts()
  const lines = Math.max(...tiles.map(({ texts }) => texts.reduce((sum, { most }) => sum + most, 0)), 0)
  const [width, height] = [side + GAP, high + lines * LINE + GAP]
  const rows = Math.ceil(tiles.length / columns)
  const canvas = canvasPackage().createCanvas(Math.min(columns, tiles.length) * width + GAP, rows * height + GAP)
  const context = canvas.getContext('2d')
  context.fillStyle = INK.paper
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.font = `11px "${FONTS['open-sans'].family}"`
  for (const [at, tile] of tiles.entries()) {
    const [x, y] = [GAP + (at % columns) * width, GAP + Math.floor(at / columns) * height]
    await drawTile(context, tile, { x, y, side, high })
  }
  return canvas.toBuffer('image/png')
}

async function drawTile(
  context: SKRSContext2D,
  { picture, texts }: Tile,
  { x, y, side, high }: Readonly<Record<'x' | 'y' | 'side' | 'high', number>>,
): Promise<void> {
  const drawn = picture instanceof Uint8Array ? await canvasPackage().loadImage(picture) : canvasOf(picture)
  const scale = Math.min(side / drawn.width, high / drawn.height)
  context.drawImage(drawn as Canvas | Image, x, y, drawn.width * scale, drawn.height * scale)
  const fits = (text: string) => context.measureText(text).width <= side
  const lines = texts.flatMap(({ text, ink, most }) => linesOf(text, fits, most).map((line) => ({ line, ink })))
  for (const [at, { line, ink }] of lines.entries()) {
    context.fillStyle = INK[ink]
    context.fillText(line, x, y + high + (at + 1) * LINE)
  }
}

function canvasOf(image: RgbImage): Canvas {
  const { createCanvas, ImageData } = canvasPackage()
  const canvas = createCanvas(image.width, image.height)
  canvas.getContext('2d').putImageData(new ImageData(toRgba(image), image.width, image.height), 0, 0)
  return canvas
}

/** A text in so many lines at most; what does not fit ends in dots. */
function linesOf(text: string, fits: (text: string) => boolean, most: number): string[] {
  const lines: string[] = []
  let left = text
  while (left !== '' && lines.length < most) {
    let end = left.length
    while (end > 1 && !fits(left.slice(0, end))) end = shorter(left, end)
    lines.push(left.slice(0, end).trim())
    left = left.slice(end).trim()
  }
  if (left !== '') lines[most - 1] = `${lines[most - 1].slice(0, -1)}…`
  return lines
}

/** The end of the word before, or one letter less. */
function shorter(text: string, end: number): number {
  const space = text.lastIndexOf(' ', end - 1)
  return space > 0 ? space : end - 1
}
