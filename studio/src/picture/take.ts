import { addressWith, go } from '../router.tsx'
import { openPicture } from './open-picture.ts'
import { keepPicture } from './store.ts'

/** Opens a file and shows it; what was done to it comes back. Throws PictureError. */
export async function take(file: File): Promise<string | undefined> {
  const { picture, remark } = await openPicture(file)
  const hash = await keepPicture(picture)
  go(addressWith({ image: hash, sample: undefined, stop: undefined }))
  return remark
}
