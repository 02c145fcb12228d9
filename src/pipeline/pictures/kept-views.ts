import type { RgbImage } from '../../media/image.ts'
import type { KeptTokens } from '../../media/overlay.ts'
import type { Method } from '../method/method.ts'
import type { ModelParts } from '../parts.ts'

export interface AnsweredImage {
  readonly image: RgbImage
  readonly method: Method
  /** For each patch of all views of the image, one after another: 1 if it reached the last layer. */
  readonly kept: readonly number[]
  /** Whether it was the only image of its prompt; some families cut one of several into other views. */
  readonly alone?: boolean
}

/** The patches of each view that a model makes of an image, under a method, and where on the image the view lies. */
export function keptOfViews(
  { architecture }: Pick<ModelParts, 'architecture'>,
  { image, method, kept, alone = true }: AnsweredImage,
): KeptTokens[] {
  const { prompt, vision } = architecture
  const own = alone || !prompt.viewsOfSeveral ? prompt.views(image) : prompt.viewsOfSeveral(image)
  const views = method.see?.views?.(own, architecture) ?? own
  let start = 0
  return views.map((view): KeptTokens => {
    const { rows, columns } = vision.grid(view)
    const shares = Float32Array.from(kept.slice(start, (start += rows * columns)))
    return { grid: [rows, columns], kept: shares, box: view.box }
  })
}
