import type { ModelParts } from '../pipeline/parts.ts'
import { type AnsweredImage, keptOfViews } from '../pipeline/pictures/kept-views.ts'
import type { Reply } from '../pipeline/talk/reply.ts'
import { writeOutput } from './output-file.ts'
import { visualTokensLine } from './reply-report.ts'

/** Writes the image as PNG with what became of its patches. Throws FoveaError `overlay_invalid`, and those of `writeOutput`. */
export const writeOverlay = async (path: string, parts: ModelParts, answered: AnsweredImage): Promise<void> =>
  writeOutput(path, await overlayOf(parts, answered))

async function overlayOf(parts: ModelParts, answered: AnsweredImage): Promise<Uint8Array> {
  const [{ drawKeptTokens }, { createNodeCanvas }] = await Promise.all([
    import('../media/overlay.ts'),
    import('../media/canvas-node.ts'),
  ])
  return drawKeptTokens(answered.image, keptOfViews(parts, answered), { createCanvas: createNodeCanvas })
}

const [COLUMNS, SIDE] = [4, 256]

/** Writes one picture of several answers about an image: what each method kept, said and cost. Throws as `writeOverlay`. */
export async function writeComparison(
  path: string,
  parts: ModelParts,
  answers: readonly (Omit<AnsweredImage, 'kept'> & { readonly reply: Reply })[],
): Promise<void> {
  const { drawTiles } = await import('../evaluation/tiles.ts')
  const tiles = await Promise.all(
    answers.map(async ({ reply, ...answered }) => ({
      picture: await overlayOf(parts, { ...answered, kept: reply.kept[0] }),
      texts: [
        { text: answered.method.name, ink: 'text', most: 2 } as const,
        { text: reply.text.trim(), ink: 'right', most: 2 } as const,
        { text: costOf(reply), ink: 'faint', most: 1 } as const,
      ],
    })),
  )
  await writeOutput(path, await drawTiles(tiles, { columns: COLUMNS, side: SIDE }))
}

const costOf = (reply: Reply): string =>
  `${visualTokensLine(reply)}, ${reply.milliseconds.ttft.toFixed(1)} ms to the first`
