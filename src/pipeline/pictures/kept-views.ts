import type { RgbImage } from '../../media/image.ts'
import type { ImageBox, KeptTokens } from '../../media/overlay.ts'
import type { Method } from '../method/method.ts'
import type { ModelParts } from '../parts.ts'

/** An image as a prompt had it. */
export interface SeenImage {
  readonly image: RgbImage
  readonly method: Method
  /** Whether it was the only image of its prompt; some families cut one of several into other views. */
  readonly alone?: boolean
}

export interface AnsweredImage extends SeenImage {
  /** For each patch of all views of the image, one after another: 1 if it reached the last layer. */
  readonly kept: readonly number[]
}

/** Patches of a view, and where on its image it lies: all of it if not said. */
export interface ViewGrid {
  readonly rows: number
  readonly columns: number
  readonly box?: ImageBox
}

/** The views that a model makes of an image, under a method. */
export function viewGrids(
  { architecture }: Pick<ModelParts, 'architecture'>,
  { image, method, alone = true }: SeenImage,
): ViewGrid[] {
  const { prompt, vision } = architecture
  const own = alone || !prompt.viewsOfSeveral ? prompt.views(image) : prompt.viewsOfSeveral(image)
  const views = method.see?.views?.(own, architecture) ?? own
  return views.map((view) => {
    const { rows, columns } = vision.grid(view)
    return { rows, columns, box: view.box }
  })
}

/** The patches of each view that a model makes of an image, under a method, and where on the image the view lies. */
export function keptOfViews(parts: Pick<ModelParts, 'architecture'>, answered: AnsweredImage): KeptTokens[] {
  let start = 0
  return viewGrids(parts, answered).map(({ rows, columns, box }): KeptTokens => {
    const shares = Float32Array.from(answered.kept.slice(start, (start += rows * columns)))
    return { grid: [rows, columns], kept: shares, box }
  })
}
