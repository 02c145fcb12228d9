import type { RgbImage } from '../media/image.ts'
import type { KeptTokens } from '../media/overlay.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { writeOutput } from './output-file.ts'

interface Answered {
  readonly image: RgbImage
  readonly method: Method
  /** For each patch of all views of the image, one after another: 1 if it reached the last layer. */
  readonly kept: readonly number[]
}

/** The patches of each view that a model makes of an image, under a method, and where on the image the view lies. */
export function keptOfViews({ architecture }: ModelParts, { image, method, kept }: Answered): KeptTokens[] {
  const own = architecture.prompt.views(image)
  const views = method.see?.views?.(own, architecture) ?? own
  let start = 0
  return views.map((view): KeptTokens => {
    const { rows, columns } = architecture.vision.grid(view)
    const shares = Float32Array.from(kept.slice(start, (start += rows * columns)))
    return { grid: [rows, columns], kept: shares, box: view.box }
  })
}

/** Writes the image as PNG with what became of its patches. Throws FoveaError `overlay_invalid`, and those of `writeOutput`. */
export async function writeOverlay(path: string, parts: ModelParts, answered: Answered): Promise<void> {
  const [{ drawKeptTokens }, { createNodeCanvas }] = await Promise.all([
    import('../media/overlay.ts'),
    import('../media/canvas-node.ts'),
  ])
  const png = await drawKeptTokens(answered.image, keptOfViews(parts, answered), { createCanvas: createNodeCanvas })
  await writeOutput(path, png)
}
