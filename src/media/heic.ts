/// <reference path="./libheif-js.d.ts" />
/** HEIC, the form of the photographs of many phones, read by libheif, which is installed where it is needed. */
import { FoveaError, whereMissing } from '../errors.ts'
import type { Samples } from './samples.ts'

/** What is used of libheif-js. */
interface Library {
  readonly ready?: Promise<unknown>
  readonly HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[]; readonly decoder?: { delete(): void } }
}

interface HeifImage {
  get_width(): number
  get_height(): number
  is_primary(): boolean
  /** Calls back with nothing where it fails. */
  display(target: Target, done: (filled: Target | null) => void): void
  free(): void
}

interface Target {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

const library = async (): Promise<Library> => {
  const found = await import('libheif-js/wasm-bundle.js').catch(whereMissing('reading HEIC images', 'libheif-js'))
  const loaded = found.default as unknown as Library
  await loaded.ready
  return loaded
}

const unreadable = (what: string, cause?: unknown): FoveaError =>
  new FoveaError('image_unreadable', 'input', `the image cannot be read: ${what}`, { cause })

/** Reads the head; `decode` reads the pixels, upright, and ends it. Throws FoveaError `image_unreadable`, `package_missing`. */
export async function openHeic(bytes: Uint8Array) {
  const { HeifDecoder } = await library()
  const decoder = new HeifDecoder()
  let images: HeifImage[]
  try {
    images = decoder.decode(bytes)
  } catch (cause) {
    throw unreadable('its header is damaged', cause)
  }
  const image = images.find((each) => each.is_primary()) ?? images[0]
  if (!image) throw unreadable('it holds no picture, or is truncated')
  const close = () => {
    for (const each of images) each.free()
    decoder.decoder?.delete()
  }
  const size = { width: image.get_width(), height: image.get_height() }
  return { ...size, close, decode: () => display(image, size) }
}

function display(image: HeifImage, size: Pick<Samples, 'width' | 'height'>): Promise<Samples> {
  const data = new Uint8ClampedArray(4 * size.width * size.height)
  return new Promise((resolve, reject) =>
    image.display({ data, ...size }, (filled) => {
      if (!filled) reject(unreadable('it is truncated or damaged'))
      else resolve({ data: Buffer.from(data.buffer), channels: 4, ...size })
    }),
  )
}
