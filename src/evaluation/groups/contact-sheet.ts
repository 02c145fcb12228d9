/** Right and wrong answers as one picture, for people to look at. */
import { canvasPackage } from '../../media/canvas-package.ts'
import type { RgbImage } from '../../media/image.ts'
import { FONTS } from '../../world/fonts.ts'
import { Rng } from '../../world/index.ts'
import { registerFonts } from '../../world/node-canvas.ts'
import type { GroupRow } from './evaluate.ts'

export interface SheetEntry {
  readonly row: GroupRow
  readonly picture: RgbImage
}

/** So many right and so many wrong answers, drawn by lot, of as many tasks as possible. */
export function chooseForSheet(rows: readonly GroupRow[], each: number, seed: number): GroupRow[] {
  return [true, false].flatMap((isRight) => {
    const mixed = Rng.from(seed, 'contact sheet').shuffle(rows.filter(({ correct }) => correct === isRight))
    const seen = new Map<string, number>()
    const rounds = mixed.map((row) => {
      const round = seen.get(row.task) ?? 0
      seen.set(row.task, round + 1)
      return { row, round }
    })
    return rounds
      .sort((a, b) => a.round - b.round)
      .slice(0, each)
      .map(({ row }) => row)
  })
}

const COLUMNS = 5
const [SIDE, GAP, LINE, LINES] = [144, 12, 14, 5]
const CELL = { width: SIDE + GAP, height: SIDE + LINES * LINE + GAP }
const INK = { right: '#1a7f37', wrong: '#cf222e', text: '#24292f', paper: '#ffffff' } as const

/** All entries in rows of five, each with its question, what was answered, and the truth where that is another: a PNG. */
export function contactSheet(entries: readonly SheetEntry[]): Uint8Array {
  registerFonts()
  const { createCanvas } = canvasPackage()
  const rows = Math.ceil(entries.length / COLUMNS)
  const canvas = createCanvas(COLUMNS * CELL.width + GAP, rows * CELL.height + GAP)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = INK.paper
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.font = `11px "${FONTS['open-sans'].family}"`
  for (const [at, { row, picture }] of entries.entries()) {
    const [x, y] = [GAP + (at % COLUMNS) * CELL.width, GAP + Math.floor(at / COLUMNS) * CELL.height]
    ctx.drawImage(canvasOf(picture), x, y, SIDE, SIDE)
    const { question, reply, answer, correct } = row
    const said = correct ? reply : `${reply} (it is ${answer})`
    const fits = (text: string) => ctx.measureText(text).width <= SIDE
    const [asked, told] = [linesOf(question, fits, 2), linesOf(said, fits, LINES - 2)]
    const lines = [
      ...asked.map((text) => ({ text, ink: INK.text })),
      ...told.map((text) => ({ text, ink: inkOf(row) })),
    ]
    for (const [line, { text, ink }] of lines.entries()) {
      ctx.fillStyle = ink
      ctx.fillText(text, x, y + SIDE + (line + 1) * LINE)
    }
  }
  return canvas.toBuffer('image/png')
}

const inkOf = ({ correct }: GroupRow): string => (correct ? INK.right : INK.wrong)

function canvasOf({ data, width, height }: RgbImage) {
  const canvas = canvasPackage().createCanvas(width, height)
  const ctx = canvas.getContext('2d')
  const pixels = ctx.createImageData(width, height)
  for (let at = 0; at < width * height; at++) {
    pixels.data.set(data.subarray(3 * at, 3 * at + 3), 4 * at)
    pixels.data[4 * at + 3] = 255
  }
  ctx.putImageData(pixels, 0, 0)
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
