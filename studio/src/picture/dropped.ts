import { PictureError } from './open-picture.ts'

/** The first file of what was dropped. Throws PictureError for a folder, or where there is none. */
export function fileOf(given: DataTransfer): File {
  const item = [...given.items].find(({ kind }) => kind === 'file')
  const entry = item?.webkitGetAsEntry?.()
  if (entry?.isDirectory) throw new PictureError(`${entry.name} is a folder; drop one picture out of it.`)
  const file = item?.getAsFile() ?? given.files[0]
  if (!file) throw new PictureError('That is no file; a picture is wanted.')
  return file
}
