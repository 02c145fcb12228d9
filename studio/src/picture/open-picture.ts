/** A file as a picture that the server takes, or one sentence that says why not. */
import { formatOf, type Size, sizeOf } from './sniff.ts'

export interface Picture {
  readonly name: string
  /** A data URL. */
  readonly url: string
  readonly width: number
  readonly height: number
}

/** What was wrong with a file, as a sentence. */
export class PictureError extends Error {}

/** Above this a picture is scaled down here: no model looks at more. */
const MOST_PIXELS = 12_000_000
/** Above this it is not even decoded. */
const READABLE_PIXELS = 150_000_000
const MOST_BYTES = 12 * 2 ** 20

const megapixels = ({ width, height }: Size): string => `${((width * height) / 1e6).toFixed(1)} megapixels`

export interface Opened {
  readonly picture: Picture
  /** What was done to it. */
  readonly remark?: string
}

/** Throws PictureError. */
export async function openPicture(file: File): Promise<Opened> {
  const head = new Uint8Array(
    await file
      .slice(0, 2 ** 18)
      .arrayBuffer()
      .catch(unreadable(file)),
  )
  const format = formatOf(head)
  if (!format && !file.type.startsWith('image/'))
    throw new PictureError(`${file.name} is no picture: PNG, JPEG, WebP and GIF are taken.`)
  const told = sizeOf(head)
  if (told && told.width * told.height > READABLE_PIXELS)
    throw new PictureError(`${file.name} has ${megapixels(told)}; up to 150 can be opened here.`)
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new PictureError(`${file.name} cannot be opened: it is broken, or of a form that this browser does not read.`)
  })
  const isFine = format && file.size <= MOST_BYTES && bitmap.width * bitmap.height <= MOST_PIXELS
  if (!isFine) return scaled(file.name, bitmap)
  const { width, height } = bitmap
  return { picture: { name: file.name, url: await dataUrl(file, `image/${format}`), width, height } }
}

const unreadable =
  ({ name }: File) =>
  () => {
    throw new PictureError(`${name} cannot be read: it may be a folder, or gone.`)
  }

async function scaled(name: string, bitmap: ImageBitmap): Promise<Opened> {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (bitmap.width * bitmap.height)))
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)))
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width, height)
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })
  const remark =
    scale < 1
      ? `${name} has ${megapixels(bitmap)}; it was scaled to ${megapixels({ width, height })}, more than the model looks at.`
      : `${name} was written anew as a JPEG, which the server takes.`
  return { picture: { name, url: await dataUrl(blob, 'image/jpeg'), width, height }, remark }
}

function dataUrl(blob: Blob, type: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^;]*/, `data:${type}`))
    reader.onerror = () => reject(new PictureError('The file cannot be read.'))
    reader.readAsDataURL(blob)
  })
}
