import type { RgbImage } from '../../media/image.ts'
import type { Architecture } from '../../models/family.ts'
import type { PackedSlot } from '../../models/views/prompt-form.ts'
import { hasText, type View } from '../../models/views/view.ts'
import type { Method } from '../method/method.ts'
import { assertNoText, assertViews } from './check-views.ts'

/** What a picture was cut into. */
export interface Cuts {
  readonly views: readonly View[]
  /** Where the family packs them: how. */
  readonly slots?: readonly PackedSlot[]
  /** Patches of the views that the model itself would make. */
  readonly patches: number
  readonly milliseconds: number
}

/** How a family cuts a picture and packs its views. */
export interface Cutting {
  views(): readonly View[]
  pack(views: readonly View[]): readonly PackedSlot[] | undefined
  /** Absent where the views are frames. */
  readonly image?: RgbImage
}

/** The views of a picture under a method. Throws FoveaError of `assertViews` and `assertNoText`. */
export function cutPicture(architecture: Architecture, method: Method, cutting: Cutting): Cuts {
  const started = performance.now()
  const { image } = cutting
  const own = cutting.views()
  const views = method.see?.views?.(own, { ...architecture, image }) ?? own
  assertViews(views, architecture.vision)
  if (!image) assertNoText(views, method)
  const patches = cutting.pack(own)?.length ?? own.reduce((total, view) => total + patchesOf(architecture, view), 0)
  const slots = hasText(views) ? undefined : cutting.pack(views)
  return { views, slots, patches, milliseconds: performance.now() - started }
}

export function patchesOf({ vision }: Architecture, view: View): number {
  const { rows, columns } = vision.grid(view)
  return rows * columns
}
