/** JPEG XL, read by jxl-oxide, which is installed where it is needed. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { FoveaError, whereMissing } from '../errors.ts'

const PACKAGE = 'jxl-oxide-wasm'

const library = async () => {
  const found = await import('jxl-oxide-wasm').catch(whereMissing('reading JPEG XL images', PACKAGE))
  const folder = dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`))
  await found.default({ module_or_path: await readFile(join(folder, 'jxl_oxide_wasm_bg.wasm')) })
  return found
}

const unreadable = (what: string, cause?: unknown): FoveaError =>
  new FoveaError('image_unreadable', 'input', `the image cannot be read: ${what}`, { cause })

/** Reads the head; `decode` makes a PNG of the pixels. Throws FoveaError `image_unreadable`, `package_missing`. */
export async function openJxl(bytes: Uint8Array) {
  const { JxlImage } = await library()
  const image = new JxlImage()
  image.forceSrgb = true
  try {
    image.feedBytes(bytes)
    image.tryInit()
  } catch (cause) {
    throw unreadable('its header is damaged', cause)
  }
  const { width, height } = image
  if (width === undefined || height === undefined) throw unreadable('it is truncated')
  const decode = (): Uint8Array => {
    if (!image.loaded) throw unreadable('it is truncated')
    try {
      return image.render().encodeToPng()
    } catch (cause) {
      throw unreadable('it is truncated or damaged', cause)
    }
  }
  return { width, height, decode, close: () => image.free() }
}
