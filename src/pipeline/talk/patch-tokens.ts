import type { EncodedImage } from '../parts.ts'

/**
 * For each picture of a prompt, for each patch of its views in raster order: which visual token of the prompt it went into,
 * NaN where it was dropped before the language model.
 */
export function tokensOfPatches(images: readonly EncodedImage[]): number[][] {
  let start = 0
  return images.map((image) => {
    const picture = start
    return image.views.flatMap(({ owner, embeds, elsewhere }) => {
      const first = start
      start += embeds.dims[0]
      return owner.map((own, patch) => (own >= 0 ? first + own : picture + (elsewhere?.get(patch) ?? NaN)))
    })
  })
}
