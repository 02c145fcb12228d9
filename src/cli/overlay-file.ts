import type { ModelParts } from '../pipeline/parts.ts'
import { type AnsweredImage, keptOfViews } from '../pipeline/pictures/kept-views.ts'
import { writeOutput } from './output-file.ts'

/** Writes the image as PNG with what became of its patches. Throws FoveaError `overlay_invalid`, and those of `writeOutput`. */
export async function writeOverlay(path: string, parts: ModelParts, answered: AnsweredImage): Promise<void> {
  const [{ drawKeptTokens }, { createNodeCanvas }] = await Promise.all([
    import('../media/overlay.ts'),
    import('../media/canvas-node.ts'),
  ])
  const png = await drawKeptTokens(answered.image, keptOfViews(parts, answered), { createCanvas: createNodeCanvas })
  await writeOutput(path, png)
}
