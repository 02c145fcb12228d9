import type { Extent } from './view.ts'

/** Patches of `patch` pixels along a side, of which an image may have `most`. */
export interface PatchBudget {
  readonly patch: number
  readonly most: number
}

/** Scales are looked for up to here, to this precision. */
const [MOST_SCALE, PRECISION] = [100, 1e-5]

/**
 * The largest size of nearly the image's own shape whose sides are whole patches, at most `most` in all: NaFlex of SigLIP 2
 * (arXiv 2502.14786, section 2.4.2), by the bisection of its reference, whose last digits decide about sizes.
 */
export function sizeWithin({ width, height }: Extent, { patch, most }: PatchBudget): Extent {
  const patches = (side: number, scale: number) => Math.max(1, Math.ceil((side * scale) / patch))
  let [least, top] = [PRECISION / 10, MOST_SCALE]
  while (top - least >= PRECISION) {
    const scale = (least + top) / 2
    if (patches(height, scale) * patches(width, scale) <= most) least = scale
    else top = scale
  }
  return { width: patches(width, least) * patch, height: patches(height, least) * patch }
}
