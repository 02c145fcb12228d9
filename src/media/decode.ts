/**
 * Bytes to pixels, in Node. Images come from strangers, so: formats by magic bytes against an allowlist, every other
 * loader of the decoder switched off, the header read and judged before any pixel is decoded, damaged files refused.
 */
import sharp, { type Metadata } from 'sharp'
import { FoveaError } from '../errors.ts'
import type { RgbImage } from './image.ts'
import { sniffImageFormat } from './image-format.ts'
import { DEFAULT_MAX_PIXELS } from './image-limits.ts'

// Process-wide, on purpose: formats that are not listed here must not be parsed by any caller of sharp.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadPng', 'VipsForeignLoadJpeg', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
})
// Each image is decoded once; kept decoder state would only hold memory.
sharp.cache(false)

/**
 * What is made of pixels that are more than 8-bit RGB. `seen`: what a person sees in a viewer, 16 bits scaled to 8 and
 * transparency composited on white. `reference`: what `convert("RGB")` of Pillow makes of them, as in the processors that
 * models were trained with: 16-bit grey cut off at 255, transparency dropped and the colours behind it shown.
 */
export type Pixels = 'seen' | 'reference'

export interface DecodeLimits {
  /** Default `seen`. */
  pixels?: Pixels

  /** Width times height, default 40 megapixels. */
  maxPixels?: number
  /** Size of the encoded file, default 20 MiB. */
  maxBytes?: number
  /** SVG can refer to other resources and is a large parser; off unless the caller trusts the file. */
  allowSvg?: boolean
  /** Which frame of an animated GIF or WebP, counted from 0; the first if not given. */
  page?: number
}

export const DEFAULT_MAX_BYTES = 20 * 2 ** 20

function inputError(code: string, message: string, cause?: unknown): FoveaError {
  return new FoveaError(code, 'input', message, { cause })
}

function unreadable(what: string, cause?: unknown): FoveaError {
  return inputError('image_unreadable', `the image cannot be read: ${what}`, cause)
}

function checkFormat(bytes: Uint8Array, allowSvg: boolean): void {
  if (bytes.length === 0) throw unreadable('the file is empty')
  const format = sniffImageFormat(bytes)
  if (format === 'svg' && !allowSvg) {
    throw inputError('unsupported_media', 'SVG images are not accepted here; convert the image to PNG')
  }
  if (format) return
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  const message = `not an image in PNG, JPEG, WebP or GIF form (the file starts with the bytes ${start})`
  throw inputError('unsupported_media', message)
}

function tooLarge(width: number, height: number, maxPixels: number): FoveaError {
  const limit = `${maxPixels / 1e6} megapixels`
  return inputError('image_too_large', `the image is ${width}x${height}; the limit is ${limit}: make it smaller`)
}

/** The header, of an image that is not too large; nothing is decoded. */
async function readHeader(bytes: Uint8Array, maxPixels: number): Promise<Metadata> {
  let header: Metadata
  try {
    header = await sharp(bytes, { limitInputPixels: false, failOn: 'warning' }).metadata()
  } catch (cause) {
    throw unreadable('its header is damaged', cause)
  }
  const { width, height } = header
  if (!(width > 0 && height > 0)) throw unreadable('its width or height is zero')
  if (width * height > maxPixels) throw tooLarge(width, height, maxPixels)
  return header
}

interface Samples {
  readonly data: Buffer
  readonly channels: number
  readonly width: number
  readonly height: number
}

/** Turned upright, in the colours of `space`. */
async function decodeSamples(bytes: Uint8Array, form: Form, maxPixels: number, page: number): Promise<Samples> {
  const { space, withAlpha } = form
  try {
    const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'warning', ignoreIcc: true, page, pages: 1 })
    const upright = (space === 'cmyk' ? image.pipelineColourspace('cmyk') : image).autoOrient()
    const { data, info } = await (withAlpha ? upright : upright.removeAlpha())
      .toColourspace(space)
      .raw({ depth: space === 'grey16' ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { data, channels: info.channels, width: info.width, height: info.height }
  } catch (cause) {
    throw unreadable('it is truncated or damaged', cause)
  }
}

/** The form in which samples are decoded; of 16 bits `srgb` has the upper 8. */
interface Form {
  readonly space: 'srgb' | 'cmyk' | 'grey16'
  readonly withAlpha: boolean
  readonly toRgb: (samples: Samples) => Uint8Array
}

function formOf({ space, hasAlpha }: Metadata, pixels: Pixels): Form {
  if (space === 'cmyk') return { space: 'cmyk', withAlpha: false, toRgb: rgbOfInks }
  if (pixels === 'seen') return { space: 'srgb', withAlpha: true, toRgb: rgbOnWhite }
  const isCut = space === 'grey16' && !hasAlpha
  return { space: isCut ? 'grey16' : 'srgb', withAlpha: false, toRgb: isCut ? rgbOfCutGrey : bytesOf }
}

const bytesOf = ({ data }: Samples): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.length)

/** A share `alpha` of each colour, white for the rest; all of it without alpha. */
function rgbOnWhite(samples: Samples): Uint8Array {
  const { data, channels, width, height } = samples
  if (channels === 3) return bytesOf(samples)
  const rgb = new Uint8Array(3 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = data[4 * pixel + 3]
    for (let channel = 0; channel < 3; channel++)
      rgb[3 * pixel + channel] = Math.round((data[4 * pixel + channel] * alpha) / 255) + 255 - alpha
  }
  return rgb
}

/** Light that cyan, magenta or yellow leave, less what black takes, in Pillow's rounding. */
function leftOf(ink: number, black: number): number {
  const product = ink * (255 - black) + 128
  return 255 - black - ((product + (product >> 8)) >> 8)
}

function rgbOfInks({ data, width, height }: Samples): Uint8Array {
  const rgb = new Uint8Array(3 * width * height)
  for (let at = 0; at < rgb.length; at++) {
    const from = 4 * Math.floor(at / 3)
    rgb[at] = leftOf(data[from + (at % 3)], data[from + 3])
  }
  return rgb
}

function rgbOfCutGrey({ data, width, height }: Samples): Uint8Array {
  const rgb = new Uint8Array(3 * width * height)
  for (let at = 0; at < rgb.length; at++) rgb[at] = Math.min(255, data.readUInt16LE(2 * Math.floor(at / 3)))
  return rgb
}

/**
 * Decodes PNG, JPEG, WebP or GIF (SVG only with `allowSvg`) to 8-bit sRGB; of several frames one.
 * EXIF rotation is applied. 16 bits and transparency become what a person sees, or with `pixels: 'reference'` what the
 * processors make of them that models were trained with. In both CMYK is turned into RGB by plain arithmetic and colour
 * profiles are ignored, as there.
 * @throws FoveaError kind `input`: `unsupported_media`, `image_too_large`, `image_unreadable`
 */
export async function decodeImage(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<RgbImage> {
  const {
    maxPixels = DEFAULT_MAX_PIXELS,
    maxBytes = DEFAULT_MAX_BYTES,
    allowSvg = false,
    page = 0,
    pixels = 'seen',
  } = limits
  if (pixels !== 'seen' && pixels !== 'reference')
    throw new FoveaError('image_options', 'usage', `pixels must be seen or reference, got ${pixels}`)
  if (bytes.length > maxBytes) {
    const sizes = `${bytes.length} bytes; the limit is ${maxBytes}`
    throw inputError('image_too_large', `the image file has ${sizes}: make it smaller`)
  }
  checkFormat(bytes, allowSvg)
  if (allowSvg) sharp.unblock({ operation: ['VipsForeignLoadSvg'] })
  const form = formOf(await readHeader(bytes, maxPixels), pixels)
  const samples = await decodeSamples(bytes, form, maxPixels, page)
  return { data: form.toRgb(samples), width: samples.width, height: samples.height }
}
