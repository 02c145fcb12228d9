/** Files that were dropped, pasted or picked. */
import { addressWith, go } from '../router.tsx'
import { openPicture, PictureError } from './open-picture.ts'
import { keepPicture } from './store.ts'

/** The first file of what was dropped. Throws PictureError for a folder, or where there is none. */
export function fileOf(given: DataTransfer): File {
  const item = [...given.items].find(({ kind }) => kind === 'file')
  const entry = item?.webkitGetAsEntry?.()
  if (entry?.isDirectory) throw new PictureError(`${entry.name} is a folder; drop one picture out of it.`)
  const file = item?.getAsFile() ?? given.files[0]
  if (!file) throw new PictureError('That is no file; a picture is wanted.')
  return file
}

/** Opens a file and shows it; what was done to it comes back. Throws PictureError. */
export async function take(file: File): Promise<string | undefined> {
  const { picture, remark } = await openPicture(file)
  const hash = await keepPicture(picture)
  go(addressWith({ image: hash, sample: undefined, stop: undefined }))
  return remark
}
