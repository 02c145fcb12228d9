/** Right and wrong answers as one picture, for people to look at. */
import type { RgbImage } from '../../media/image.ts'
import { Rng } from '../../world/index.ts'
import { drawTiles, type Tile } from '../tiles.ts'
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

const [COLUMNS, SIDE] = [5, 144]

/** All entries in rows of five, each with its question, what was answered, and the truth where that is another: a PNG. */
export const contactSheet = (entries: readonly SheetEntry[]): Promise<Uint8Array> =>
  drawTiles(entries.map(tileOf), { columns: COLUMNS, side: SIDE })

function tileOf({ row: { question, reply, answer, correct }, picture }: SheetEntry): Tile {
  const said = correct ? reply : `${reply} (it is ${answer})`
  return {
    picture,
    texts: [
      { text: question, ink: 'text', most: 2 },
      { text: said, ink: correct ? 'right' : 'wrong', most: 3 },
    ],
  }
}
