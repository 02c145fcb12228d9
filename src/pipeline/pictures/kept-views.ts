import type { RgbImage } from '../../media/image.ts'
import type { ImageBox, KeptTokens } from '../../media/overlay.ts'
import type { Video } from '../../media/video.ts'
import type { View } from '../../models/views/view.ts'
import type { Method } from '../method/method.ts'
import type { ModelParts } from '../parts.ts'
import { videoReader } from './picture-encoder.ts'

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
  const views = method.see?.views?.(own, { ...architecture, image }) ?? own
  return views.map((view) => {
    const { rows, columns } = vision.grid(view)
    return { rows, columns, box: view.box }
  })
}

/** The patches of each view that a model makes of an image, under a method, and where on the image the view lies. */
export const keptOfViews = (parts: Pick<ModelParts, 'architecture'>, answered: AnsweredImage): KeptTokens[] =>
  sharesOf(viewGrids(parts, answered), answered.kept)

const sharesOf = (grids: readonly ViewGrid[], kept: readonly number[]): KeptTokens[] => {
  let start = 0
  return grids.map(({ rows, columns, box }): KeptTokens => {
    const shares = Float32Array.from(kept.slice(start, (start += rows * columns)))
    return { grid: [rows, columns], kept: shares, box }
  })
}

/** A frame of a video, or the first of several that are encoded as one, with its patches. */
export interface KeptFrame {
  readonly image: RgbImage
  readonly kept: KeptTokens
}

/** The frames that a model sees of a video under a method, each with its patches. Throws FoveaError `video_unsupported`. */
export function keptOfFrames(
  { architecture }: Pick<ModelParts, 'architecture'>,
  { video, method, kept }: Pick<AnsweredImage, 'method' | 'kept'> & { readonly video: Video },
): KeptFrame[] {
  const own = videoReader(architecture).views(method.see?.frames?.(video, architecture) ?? video)
  const views: readonly View[] = method.see?.views?.(own, architecture) ?? own
  const grids = views.map((view): ViewGrid => ({ ...architecture.vision.grid(view), box: view.box }))
  return sharesOf(grids, kept).map((shares, at) => ({ image: views[at].image, kept: shares }))
}
