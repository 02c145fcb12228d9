/**
 * Bytes to pixels, in Node. Images come from strangers, so: formats by magic bytes against an allowlist, the header read
 * and judged before any pixel is decoded, limits on the file and on the memory that its pixels take.
 */
import { assertArgument, assertOptions, FoveaError, type OptionForm } from '../errors.ts'
import { openBmp } from './bmp.ts'
import type { RgbImage } from './image.ts'
import { type ImageFormat, sniffImageFormat, unreadFormat } from './image-format.ts'
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_MEMORY,
  DEFAULT_MAX_SECONDS,
  RAISES_FILE_LIMIT,
  READ_PIXELS,
} from './image-limits.ts'
import { openInThread } from './image-thread.ts'
import { rgbOnWhite, rgbWithoutAlpha, type Samples } from './samples.ts'
import { halved, openSharp } from './sharp-image.ts'

/**
 * What is made of pixels that are more than 8-bit RGB. `seen`: what a person sees in a viewer, 16 bits scaled to 8 and
 * transparency composited on white. `reference`: what `convert("RGB")` of Pillow makes of them, as in the processors that
 * models were trained with: 16-bit grey cut off at 255, transparency dropped and the colours behind it shown.
 */
export type Pixels = 'seen' | 'reference'

export interface DecodeLimits {
  /** Default `seen`. */
  pixels?: Pixels
  /** Width times height; as many as `maxMemory` allows if not given. */
  maxPixels?: number
  /** Bytes that the decoder may need for the pixels, default 768 MiB: 200 megapixels of 8 bits, 67 of HEIC, 16 of JPEG XL. */
  maxMemory?: number
  /** Size of the encoded file, default 256 MiB. */
  maxBytes?: number
  /** Whole seconds that decoding may take, default 60. */
  maxSeconds?: number
  /** SVG can refer to other resources and is a large parser; off unless the caller trusts the file. */
  allowSvg?: boolean
  /** Which frame of an animated GIF or WebP, or page of a TIFF, counted from 0; the first if not given. */
  page?: number
}

export const DECODE_FORMS: Readonly<Record<keyof DecodeLimits, OptionForm>> = {
  pixels: ['seen', 'reference'],
  maxPixels: 'number',
  maxMemory: 'number',
  maxBytes: 'number',
  maxSeconds: 'number',
  allowSvg: 'boolean',
  page: 'number',
}

function inputError(code: string, message: string, cause?: unknown): FoveaError {
  return new FoveaError(code, 'input', message, { cause })
}

function formatOf(bytes: Uint8Array, allowSvg: boolean): ImageFormat {
  if (bytes.length === 0) throw inputError('image_unreadable', 'the image cannot be read: the file is empty')
  const format = sniffImageFormat(bytes)
  if (format === 'svg' && !allowSvg)
    throw inputError('unsupported_media', 'SVG images are not accepted here; convert the image to PNG')
  if (format) return format
  const known = unreadFormat(bytes)
  if (known)
    throw inputError(
      'unsupported_media',
      `this is ${known}, which cannot be read; save it as PNG or JPEG with the program that opens it`,
    )
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  const forms = 'PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP, HEIC or JPEG XL'
  throw inputError('unsupported_media', `not an image in ${forms} form (the file starts with the bytes ${start})`)
}

/** An image of which the header was read. */
interface Opened {
  readonly width: number
  readonly height: number
  /** That decoding needs. */
  readonly bytesPerPixel: number
  decode(halvings: number): Promise<RgbImage>
  close?(): void
}

/** Of a decoder that gives all pixels as they are. */
async function fromSamples(samples: Samples, isReference: boolean, halvings: number): Promise<RgbImage> {
  const { width, height } = samples
  const data = isReference ? rgbWithoutAlpha(samples) : rgbOnWhite(samples)
  return halvings > 0 ? halved(data, width, height, halvings) : { data, width, height }
}

/** Per pixel, until it is RGB; of JPEG XL what reading 6 megapixels was seen to take. */
const [BMP_BYTES, HEIC_BYTES, JXL_BYTES] = [7, 12, 50]

interface OpenOptions {
  readonly format: ImageFormat
  readonly page: number
  readonly isReference: boolean
  readonly seconds: number
}

async function open(bytes: Uint8Array, { format, page, isReference, seconds }: OpenOptions): Promise<Opened> {
  if (format === 'bmp') {
    const { decode, ...size } = openBmp(bytes)
    const decoded = async (halvings: number) => fromSamples(decode(), isReference, halvings)
    return { ...size, bytesPerPixel: BMP_BYTES, decode: decoded }
  }
  if (format === 'heic') {
    const { decode, ...opened } = await openInThread('heic', bytes, seconds)
    const decoded = async (halvings: number) => fromSamples(await decode(), isReference, halvings)
    return { ...opened, bytesPerPixel: HEIC_BYTES, decode: decoded }
  }
  if (format === 'jxl') {
    const { decode, ...opened } = await openInThread('jxl', bytes, seconds)
    const decoded = async (halvings: number) =>
      (await openSharp(await decode(), { format: 'png', page: 0, isReference, seconds })).decode(halvings)
    return { ...opened, bytesPerPixel: JXL_BYTES, decode: decoded }
  }
  return openSharp(bytes, { format, page, isReference, seconds })
}

const mebibytes = (bytes: number): string => {
  const count = bytes / 2 ** 20
  return `${count < 10 ? count.toFixed(1) : Math.ceil(count)} MiB`
}

/** Throws FoveaError `image_too_large`. */
function assertSize(
  { width, height, bytesPerPixel }: Opened,
  { maxPixels, maxMemory = DEFAULT_MAX_MEMORY }: DecodeLimits,
) {
  const refuse = (limit: string) => inputError('image_too_large', `the image is ${width}x${height}; ${limit}`)
  if (width * height > (maxPixels ?? Number.POSITIVE_INFINITY))
    throw refuse(`the limit is ${maxPixels! / 1e6} megapixels: make it smaller`)
  const needed = width * height * bytesPerPixel
  if (needed <= maxMemory) return
  const raise = 'make it smaller, or raise the limit (--max-image-memory, maxMemory)'
  throw refuse(`reading it takes ${mebibytes(needed)}, the limit is ${mebibytes(maxMemory)}: ${raise}`)
}

/** Throws FoveaError `option_invalid` for what a decoder does not take as a limit. */
function assertSeconds(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return
  const message = `decodeImage: maxSeconds must be a whole number from 1 to 3600, got ${seconds}`
  throw new FoveaError('option_invalid', 'usage', message)
}

/** How often an image is halved while it is read; as the reference has it, never. */
function halvingsOf({ width, height }: Opened, isReference: boolean): number {
  if (isReference) return 0
  return Math.max(0, Math.ceil(Math.log2((width * height) / READ_PIXELS) / 2))
}

/**
 * Decodes PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP, HEIC where `libheif-js` is installed, JPEG XL where `jxl-oxide-wasm` is
 * (SVG only with `allowSvg`), to 8-bit sRGB; of several frames one. An image of more than 40 megapixels, which is more than
 * any model sees, is halved while it is read.
 * EXIF rotation is applied. 16 bits and transparency become what a person sees, or with `pixels: 'reference'` what the
 * processors make of them that models were trained with. In both CMYK is turned into RGB by plain arithmetic and colour
 * profiles are ignored, as there.
 * @throws FoveaError kind `input`: `unsupported_media`, `image_too_large`, `image_unreadable`, `image_slow`; kind `resource`:
 *   `package_missing`; kind `usage`: `option_unknown`, `option_invalid`
 */
export async function decodeImage(bytes: Uint8Array, limits: DecodeLimits = {}): Promise<RgbImage> {
  assertArgument('decodeImage', 'an image', bytes, 'bytes')
  assertOptions('decodeImage', limits, DECODE_FORMS)
  const { maxBytes = DEFAULT_MAX_BYTES, maxSeconds = DEFAULT_MAX_SECONDS, page = 0, pixels = 'seen' } = limits
  assertSeconds(maxSeconds)
  if (bytes.length > maxBytes) {
    const sizes = `${bytes.length} bytes; the limit is ${maxBytes}`
    throw inputError(
      'image_too_large',
      `the image file has ${sizes}: make it smaller, or raise the limit (${RAISES_FILE_LIMIT})`,
    )
  }
  const isReference = pixels === 'reference'
  const format = formatOf(bytes, limits.allowSvg ?? false)
  const opened = await open(bytes, { format, page, isReference, seconds: maxSeconds })
  try {
    assertSize(opened, limits)
    return await opened.decode(halvingsOf(opened, isReference))
  } finally {
    opened.close?.()
  }
}
