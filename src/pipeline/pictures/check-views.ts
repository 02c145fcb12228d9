import { FoveaError } from '../../errors.ts'
import { assertViewSize } from '../../models/views/image-processor.ts'
import { hasText, type View } from '../../models/views/view.ts'
import type { VisionSide } from '../../models/vision-side.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'

/** The views that a model was made for need not be whole patches: so400m has 384 pixels and patches of 14. */
const fits = ({ width, height }: View, { patchSize, viewSize }: VisionSide): boolean =>
  [width, height].every((side) => side % patchSize === 0 || side === viewSize)

/**
 * Views must be whole patches of a size that can be held: an image processor may be of another model than the weights.
 * @throws FoveaError `preprocessor_invalid`, `image_view_too_large`
 */
export function assertViews(views: readonly View[], vision: VisionSide): void {
  for (const view of views) {
    assertViewSize(view)
    const { rows, columns } = vision.grid(view)
    if (Number.isInteger(rows) && Number.isInteger(columns) && fits(view, vision)) continue
    const message = `preprocessor_config.json: views of ${view.width}x${view.height} pixels are not whole patches of ${vision.patchSize}; the file is of another model`
    throw new FoveaError('preprocessor_invalid', 'input', message)
  }
}

/** Frames of a video have no places for text between them. Throws FoveaError `method_unfit`. */
export function assertNoText(views: readonly View[], method: Method): void {
  if (hasText(views)) throw methodError(`${method.name} writes text around views, but frames of a video have none`)
}
