import type { Method } from '../../pipeline/method/method.ts'
import type { ModelParts } from '../../pipeline/parts.ts'
import { keptOfViews } from '../../pipeline/pictures/kept-views.ts'
import type { ReadPicture } from './pictures.ts'

interface AnsweredPictures {
  readonly pictures: readonly ReadPicture[]
  readonly method: Method
  readonly kept: readonly (readonly number[])[]
}

/** Each image as PNG with what became of its patches. Throws FoveaError `package_missing`, `overlay_invalid`. */
export async function drawOverlays(
  parts: ModelParts,
  { pictures, method, kept }: AnsweredPictures,
): Promise<Uint8Array[]> {
  const [{ drawKeptTokens }, { createNodeCanvas }] = await Promise.all([
    import('../../media/overlay.ts'),
    import('../../media/canvas-node.ts'),
  ])
  const alone = pictures.length === 1
  const drawings = pictures.map(({ image }, at) => {
    const views = keptOfViews(parts, { image, method, kept: kept[at], alone })
    return drawKeptTokens(image, views, { createCanvas: createNodeCanvas })
  })
  return Promise.all(drawings)
}
