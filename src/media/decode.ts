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

export interface DecodeLimits {
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

/** Size from the header alone; nothing is decoded. */
async function checkSize(bytes: Uint8Array, maxPixels: number): Promise<void> {
  let header: Metadata
  try {
    header = await sharp(bytes, { limitInputPixels: false, failOn: 'warning' }).metadata()
  } catch (cause) {
    throw unreadable('its header is damaged', cause)
  }
  const { width, height } = header
  if (!(width > 0 && height > 0)) throw unreadable('its width or height is zero')
  if (width * height > maxPixels) throw tooLarge(width, height, maxPixels)
}

async function decodePixels(bytes: Uint8Array, maxPixels: number, page: number): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, {
      limitInputPixels: maxPixels,
      failOn: 'warning',
      ignoreIcc: true,
      page,
      pages: 1,
    })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width: info.width, height: info.height }
  } catch (cause) {
    throw unreadable('it is truncated or damaged', cause)
  }
}

/**
 * Decodes PNG, JPEG, WebP or GIF (SVG only with `allowSvg`) to 8-bit sRGB; of several frames one.
 * EXIF rotation is applied; transparent pixels are composited over white; 16-bit, grey, palette and CMYK images are
 * converted. Colour profiles are ignored for RGB, as in the processors that models were trained with.
 * @throws FoveaError kind `input`: `unsupported_media`, `image_too_large`, `image_unreadable`
 */
export async function decodeImage(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<RgbImage> {
  const { maxPixels = DEFAULT_MAX_PIXELS, maxBytes = DEFAULT_MAX_BYTES, allowSvg = false, page = 0 } = limits
  if (bytes.length > maxBytes) {
    const sizes = `${bytes.length} bytes; the limit is ${maxBytes}`
    throw inputError('image_too_large', `the image file has ${sizes}: make it smaller`)
  }
  checkFormat(bytes, allowSvg)
  if (allowSvg) sharp.unblock({ operation: ['VipsForeignLoadSvg'] })
  await checkSize(bytes, maxPixels)
  return decodePixels(bytes, maxPixels, page)
}
