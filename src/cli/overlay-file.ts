import type { RgbImage } from '../media/image.ts'
import type { KeptTokens } from '../media/overlay.ts'
import type { Video } from '../media/video.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { keptOfFrames, keptOfViews } from '../pipeline/pictures/kept-views.ts'
import type { Reply } from '../pipeline/talk/reply.ts'
import { writeOutput } from './output-file.ts'
import { visualTokensLine } from './reply-report.ts'

/** What was asked about. */
export interface Asked {
  readonly images: readonly RgbImage[]
  readonly videos: readonly Video[]
}

/** What was answered under a method. */
export interface AnsweredBy {
  readonly method: Method
  readonly reply: Reply
}

/**
 * Writes what became of the patches as PNG: of an image, or of several images and frames in a strip.
 * Throws FoveaError `overlay_invalid`, and those of `writeOutput`.
 */
export async function writeOverlay(path: string, parts: ModelParts, asked: Asked, answer: AnsweredBy): Promise<void> {
  const drawn = await overlaysOf(parts, asked, answer)
  await writeOutput(path, drawn.length === 1 ? drawn[0] : await stripOf(drawn))
}

interface Patched {
  readonly image: RgbImage
  readonly kept: readonly KeptTokens[]
}

/** The images, then the frames of videos, as the prompt has them. */
function patchedOf(parts: ModelParts, { images, videos }: Asked, { method, reply }: AnsweredBy): Patched[] {
  const alone = images.length === 1 && videos.length === 0
  const stills = images.map((image, at) => {
    return { image, kept: keptOfViews(parts, { image, method, kept: reply.kept[at], alone }) }
  })
  const frames = videos.flatMap((video, at) =>
    keptOfFrames(parts, { video, method, kept: reply.kept[images.length + at] }),
  )
  return [...stills, ...frames.map(({ image, kept }) => ({ image, kept: [kept] }))]
}

/** Most pictures of a strip. */
const FRAMES = 8

async function overlaysOf(parts: ModelParts, asked: Asked, answer: AnsweredBy): Promise<Uint8Array[]> {
  const [{ drawKeptTokens }, { createNodeCanvas }] = await Promise.all([
    import('../media/overlay.ts'),
    import('../media/canvas-node.ts'),
  ])
  const shown = spread(patchedOf(parts, asked, answer), FRAMES)
  return Promise.all(shown.map(({ image, kept }) => drawKeptTokens(image, kept, { createCanvas: createNodeCanvas })))
}

/** So many at most, evenly spread, the first and the last among them. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  return Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))])
}

const [COLUMNS, SIDE, FRAME] = [4, 256, 160]

async function stripOf(drawn: readonly Uint8Array[]): Promise<Uint8Array> {
  const { drawTiles } = await import('../evaluation/tiles.ts')
  return drawTiles(
    drawn.map((picture) => ({ picture, texts: [] })),
    { columns: drawn.length, side: FRAME },
  )
}

/**
 * Writes one picture of several answers: what each method kept, said and cost, side by side; about several images, or about
 * frames, a strip of them for each method, one below the other. Throws as `writeOverlay`.
 */
export async function writeComparison(
  path: string,
  parts: ModelParts,
  asked: Asked,
  answers: readonly AnsweredBy[],
): Promise<void> {
  const { drawTiles } = await import('../evaluation/tiles.ts')
  const drawn = await Promise.all(answers.map((answer) => overlaysOf(parts, asked, answer)))
  const frames = Math.max(...drawn.map(({ length }) => length))
  const tiles = await Promise.all(
    answers.map(async ({ method, reply }, at) => ({
      picture: frames === 1 ? drawn[at][0] : await stripOf(drawn[at]),
      texts: [
        { text: method.name, ink: 'text', most: 2 } as const,
        { text: reply.text.trim(), ink: 'right', most: 2 } as const,
        { text: costOf(reply), ink: 'faint', most: 1 } as const,
      ],
    })),
  )
  const [wide, high] = [12 + frames * (FRAME + 12), FRAME + 24]
  const layout = frames === 1 ? { columns: COLUMNS, side: SIDE } : { columns: 1, side: wide, high }
  await writeOutput(path, await drawTiles(tiles, layout))
}

const costOf = (reply: Reply): string =>
  `${visualTokensLine(reply)}, ${reply.milliseconds.ttft.toFixed(1)} ms to the first`
