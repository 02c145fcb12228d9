import { FoveaError } from '../errors.ts'
import type { Architecture, View } from '../models/family.ts'
import { assertViewSize } from '../models/image-processor.ts'

/**
 * Views must be whole patches of a size that can be held: an image processor may be of another model than the weights.
 * @throws FoveaError `preprocessor_invalid`, `image_view_too_large`
 */
export function assertViews(views: readonly View[], architecture: Architecture): void {
  for (const view of views) {
    assertViewSize(view)
    const { rows, columns } = architecture.grid(view)
    if (Number.isInteger(rows) && Number.isInteger(columns)) continue
    const message = `preprocessor_config.json: views of ${view.width}x${view.height} pixels are not whole patches of ${architecture.patchSize}; the file is of another model`
    throw new FoveaError('preprocessor_invalid', 'input', message)
  }
}
