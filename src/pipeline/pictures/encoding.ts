import type { EncodedView } from '../flow/encoded-view.ts'
import type { EncodedImage, Encoding, PreparedImage } from '../parts.ts'
import type { ViewJob } from './view-job.ts'

/** That of a picture that is known. */
export const encodedBefore = (image: EncodedImage): Encoding => ({ jobs: [], finish: async () => image })

/**
 * Pictures, their views encoded together. One that comes twice is encoded once.
 * @param encode computes views, in their order
 */
export async function encodeTogether(
  pictures: readonly PreparedImage[],
  encode: (jobs: readonly ViewJob[]) => Promise<readonly EncodedView[]>,
): Promise<EncodedImage[]> {
  const begun = pictures.map((picture) => picture.begin())
  const anew = begun.filter(({ key }, at) => key === undefined || begun.findIndex((each) => each.key === key) === at)
  const views = await encode(anew.flatMap(({ jobs }) => jobs))
  const images: EncodedImage[] = []
  let first = 0
  for (const [at, encoding] of begun.entries()) {
    if (!anew.includes(encoding)) {
      images.push(...(await encodeTogether([pictures[at]], encode)))
      continue
    }
    images.push(await encoding.finish(views.slice(first, first + encoding.jobs.length)))
    first += encoding.jobs.length
  }
  return images
}
