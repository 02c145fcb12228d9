/**
 * Images that sharp reads. Formats are given by an allowlist, every other loader of libvips is switched off, the header is
 * judged before any pixel is decoded, damaged files are refused.
 */
import sharp, { type Metadata } from 'sharp'
import { FoveaError } from '../errors.ts'
import type { ImageFormat } from './image-format.ts'
import { bytesOf, rgbOfCutGrey, rgbOfInks, rgbOnWhite, type Samples } from './samples.ts'
import { slowImage } from './slow-image.ts'

// Process-wide, on purpose: formats that are not listed here must not be parsed by any caller of sharp.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Png', 'Jpeg', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map((format) => `VipsForeignLoad${format}`),
})
// Each image is decoded once; kept decoder state would only hold memory.
sharp.cache(false)

const unreadable = (what: string, cause?: unknown): FoveaError =>
  new FoveaError('image_unreadable', 'input', `the image cannot be read: ${what}`, { cause })

/** The form in which samples are decoded; of 16 bits `srgb` has the upper 8. */
interface Form {
  readonly space: 'srgb' | 'cmyk' | 'grey16'
  readonly withAlpha: boolean
  readonly toRgb: (samples: Samples) => Uint8Array
}

function formOf({ space, hasAlpha }: Metadata, isReference: boolean): Form {
  if (space === 'cmyk') return { space: 'cmyk', withAlpha: false, toRgb: rgbOfInks }
  if (!isReference) return { space: 'srgb', withAlpha: true, toRgb: rgbOnWhite }
  const isCut = space === 'grey16' && !hasAlpha
  return { space: isCut ? 'grey16' : 'srgb', withAlpha: false, toRgb: isCut ? rgbOfCutGrey : bytesOf }
}

export interface SharpOptions {
  readonly format: ImageFormat
  readonly page: number
  readonly isReference: boolean
  /** That decoding may take. */
  readonly seconds: number
}

/** The header; nothing is decoded. Throws FoveaError `image_unreadable`, `unsupported_media`; `decode` adds `image_slow`. */
export async function openSharp(bytes: Uint8Array, { format, page, isReference, seconds }: SharpOptions) {
  if (format === 'svg') sharp.unblock({ operation: ['VipsForeignLoadSvg'] })
  const header = await readHeader(bytes)
  const { width, height, depth } = header
  if (depth !== 'uchar' && depth !== 'ushort')
    throw new FoveaError(
      'unsupported_media',
      'input',
      `images with samples of type ${depth} cannot be read; convert the image to 8 or 16 bits`,
    )
  const form = formOf(header, isReference)
  return {
    width,
    height,
    bytesPerPixel: depth === 'ushort' ? 8 : 4,
    decode: async (halvings: number) => {
      const samples = await decodeSamples(bytes, form, { page, seconds, size: halvings && sizeOf(header, halvings) })
      return { data: form.toRgb(samples), width: samples.width, height: samples.height }
    },
  }
}

async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  let header: Metadata
  try {
    header = await sharp(bytes, { limitInputPixels: false, failOn: 'warning' }).metadata()
  } catch (cause) {
    throw unreadable('its header is damaged', cause)
  }
  if (!(header.width > 0 && header.height > 0)) throw unreadable('its width or height is zero')
  return header
}

/** Half the size as often as it says, of the upright image. */
const sizeOf = ({ autoOrient: { width, height } }: Metadata, halvings: number) => ({
  width: Math.ceil(width / 2 ** halvings),
  height: Math.ceil(height / 2 ** halvings),
})

/** Turned upright, in the colours of `space`. */
async function decodeSamples(
  bytes: Uint8Array,
  { space, withAlpha }: Form,
  { page, seconds, size }: Pick<SharpOptions, 'page' | 'seconds'> & { readonly size: ReturnType<typeof sizeOf> | 0 },
): Promise<Samples> {
  try {
    const image = sharp(bytes, { limitInputPixels: false, failOn: 'warning', ignoreIcc: true, page, pages: 1 })
    image.timeout({ seconds })
    const upright = (space === 'cmyk' ? image.pipelineColourspace('cmyk') : image).autoOrient()
    const scaled = size ? upright.resize({ ...size, fit: 'fill' }) : upright
    const { data, info } = await (withAlpha ? scaled : scaled.removeAlpha())
      .toColourspace(space)
      .raw({ depth: space === 'grey16' ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { data, channels: info.channels, width: info.width, height: info.height }
  } catch (cause) {
    if (/^timeout/.test((cause as Error).message)) throw slowImage(`decoding it takes more than ${seconds} s`, cause)
    throw unreadable('it is truncated or damaged', cause)
  }
}

/** Half the size as often as it says. */
export async function halved(rgb: Uint8Array, width: number, height: number, halvings: number) {
  const size = { width: Math.ceil(width / 2 ** halvings), height: Math.ceil(height / 2 ** halvings) }
  const image = sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false })
  const data = await image
    .resize({ ...size, fit: 'fill' })
    .raw()
    .toBuffer()
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), ...size }
}
