/**
 * Draws docs/images/kept/: which patches of three images each reducer keeps, merges and drops on the embedded model, and what
 * it answers: `npx tsx tools/paper-pictures.ts [ID...]`. Two images are of Fovea World, from a seed; to be run anew when the
 * weights of the model change. What is of no page is removed.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { drawTiles, type Tile } from '../src/evaluation/tiles.ts'
import { worldItem } from '../src/evaluation/world.ts'
import { loadModel, type Model, parseMethod, readImage } from '../src/index.ts'
import { createNodeCanvas } from '../src/media/canvas-node.ts'
import type { RgbImage } from '../src/media/image.ts'
import { drawKeptTokens } from '../src/media/overlay.ts'
import type { Paper } from '../src/papers/paper.ts'
import { findPaper, papers } from '../src/papers/registry.ts'
import type { Method } from '../src/pipeline/method/method.ts'
import type { EncodedImage } from '../src/pipeline/parts.ts'
import { keptOfViews } from '../src/pipeline/pictures/kept-views.ts'
import { isEntry } from './entry.ts'
import { PICTURES, strayPictures } from './pages/pictures.ts'
import { hasPicture, shownMethod } from './pages/shown.ts'

/** Pixels along a side, twice those of images of the World. */
const SIDE = 192

/** Of a palette, so that files stay small. */
const COLOURS = 32

interface Shown {
  readonly image: RgbImage
  readonly question: string
  readonly answer: string
}

/** Of the World, one with a word and one with shapes to count; both without noise, which files of few bytes cannot hold. */
const WORLD = [
  { task: 'read', index: 3 },
  { task: 'count', index: 4 },
]

async function shownImages(): Promise<Shown[]> {
  const ofWorld = WORLD.map(async ({ task, index }): Promise<Shown> => {
    const { image, turns } = await worldItem({ set: 'world', split: 'test', seed: 1 }, task, index)
    return { image, ...turns[0] }
  })
  const scene = { image: await readImage('examples/scene.png'), question: 'what color is the star?', answer: 'yellow' }
  return [scene, ...(await Promise.all(ofWorld))]
}

/** For each patch of all views: 1 where it stays by itself, one half where it shares a token, 0 where it is gone. */
export function sharesOf({ views }: Pick<EncodedImage, 'views'>, kept: readonly number[]): number[] {
  const isShared = views.flatMap(({ owner }) =>
    owner.map((token) => token >= 0 && owner.indexOf(token) !== owner.lastIndexOf(token)),
  )
  return kept.map((stays, patch) => (isShared[patch] ? stays / 2 : stays))
}

async function tileOf(model: Model, method: Method, { image, question, answer }: Shown): Promise<Tile> {
  const asked = { prompt: question, images: [image], method, temperature: 0, maxTokens: 8 }
  const { text, kept } = await model.generate(asked)
  const shares = sharesOf(await model.encode(image, method, true, question), kept[0])
  const views = keptOfViews(model.parts, { image, method, kept: shares })
  const reply = text.trim()
  return {
    picture: await drawKeptTokens(image, views, { createCanvas: createNodeCanvas, minSide: SIDE }),
    texts: [
      { text: question, ink: 'text', most: 2 },
      { text: reply, ink: reply === answer ? 'right' : 'wrong', most: 1 },
    ],
  }
}

/** The images side by side, as a PNG. */
export async function keptPicture(model: Model, entry: Paper, images: readonly Shown[]): Promise<Uint8Array> {
  const method = parseMethod(shownMethod(entry))
  const tiles: Tile[] = []
  for (const each of images) tiles.push(await tileOf(model, method, each))
  const png = await drawTiles(tiles, { columns: tiles.length, side: SIDE })
  return sharp(png).png({ palette: true, colours: COLOURS, dither: 0, effort: 10 }).toBuffer()
}

if (isEntry(import.meta.url)) {
  const ids = process.argv.slice(2)
  const entries = (ids.length > 0 ? ids.map(findPaper) : [...papers]).filter(hasPicture)
  mkdirSync(PICTURES, { recursive: true })
  const [model, images] = [await loadModel('mini'), await shownImages()]
  for (const entry of entries) {
    const png = await keptPicture(model, entry, images)
    writeFileSync(join(PICTURES, `${entry.id}.png`), png)
    console.log(`wrote ${PICTURES}/${entry.id}.png, ${png.length} bytes`)
  }
  await model.dispose()
  for (const name of strayPictures(papers)) rmSync(join(PICTURES, name), { force: true })
}
