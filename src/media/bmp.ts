/**
 * BMP, as Windows writes it: rows of palette indices or of colours by masks, from the lower edge up unless the height is
 * negative. Layout: Microsoft, "Bitmap Storage" and BITMAPV5HEADER.
 */
import { FoveaError } from '../errors.ts'
import type { Samples } from './samples.ts'

/** The head of a file, checked against its length. */
export interface Bmp {
  readonly width: number
  readonly height: number
  readonly decode: () => Samples
}

interface Layout {
  readonly view: DataView
  readonly width: number
  readonly height: number
  readonly isUpward: boolean
  readonly bits: number
  /** Where the rows begin, and the bytes of one. */
  readonly start: number
  readonly stride: number
}

const FILE_HEADER = 14
const INFO_HEADER = 40
/** Sizes of headers with the masks for red, green, blue, and with that for alpha. */
const [WITH_MASKS, WITH_ALPHA] = [52, 56]
const PLAIN = 0
const BIT_FIELDS = [3, 6]

const unreadable = (what: string): FoveaError =>
  new FoveaError('image_unreadable', 'input', `the image cannot be read: ${what}`)

/** Throws FoveaError `image_unreadable`, `unsupported_media`. */
export function openBmp(bytes: Uint8Array): Bmp {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < FILE_HEADER + INFO_HEADER) throw unreadable('its header is damaged')
  const [start, size, width, signed] = [10, 14, 18, 22].map((at) => view.getInt32(at, true))
  const [bits, compression] = [view.getUint16(28, true), view.getUint32(30, true)]
  if (size < INFO_HEADER || start < FILE_HEADER + size || width <= 0 || signed === 0)
    throw unreadable('its header is damaged')
  if (![1, 4, 8, 16, 24, 32].includes(bits) || ![PLAIN, ...BIT_FIELDS].includes(compression)) {
    const kind = `a BMP of ${bits} bits with compression ${compression}`
    throw new FoveaError('unsupported_media', 'input', `${kind} cannot be read; convert the image to PNG`)
  }
  const [height, stride] = [Math.abs(signed), 4 * Math.ceil((width * bits) / 32)]
  if (start + stride * height > bytes.length) throw unreadable('it is truncated or damaged')
  const layout = { view, width, height, isUpward: signed > 0, bits, start, stride }
  const hasMasks = BIT_FIELDS.includes(compression)
  return { width, height, decode: () => (bits <= 8 ? byPalette(layout) : byMasks(layout, masksOf(view, hasMasks))) }
}

/** Calls `write` for each pixel, with where its four bytes go, its row in the file, and its place in it. */
function eachPixel(
  { width, height, isUpward, start, stride }: Layout,
  write: (to: number, row: number, x: number) => void,
) {
  for (let y = 0; y < height; y++) {
    const row = start + stride * (isUpward ? height - 1 - y : y)
    for (let x = 0; x < width; x++) write(4 * (y * width + x), row, x)
  }
}

function byPalette(layout: Layout): Samples {
  const { view, width, height, bits, start } = layout
  const begin = FILE_HEADER + view.getUint32(FILE_HEADER, true)
  const count = Math.min(view.getUint32(46, true) || 2 ** bits, 2 ** bits, Math.floor((start - begin) / 4))
  const data = Buffer.alloc(4 * width * height, 255)
  eachPixel(layout, (to, row, x) => {
    const byte = view.getUint8(row + Math.floor((x * bits) / 8))
    const index = (byte >> (8 - bits - ((x * bits) % 8))) & (2 ** bits - 1)
    if (index >= count) throw unreadable('a pixel is of a colour that its palette lacks')
    for (let channel = 0; channel < 3; channel++) data[to + channel] = view.getUint8(begin + 4 * index + 2 - channel)
  })
  return { data, channels: 4, width, height }
}

/** Which bits of a pixel are red, green, blue and alpha; 0 for none. */
type Masks = readonly number[]

function masksOf(view: DataView, isStated: boolean): Masks {
  const size = view.getUint32(FILE_HEADER, true)
  const bits = view.getUint16(28, true)
  const usual = bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0]
  if (!isStated) return usual
  const at = FILE_HEADER + INFO_HEADER
  const stated = [0, 4, 8].map((offset) => view.getUint32(at + offset, true))
  const hasAlpha = size >= WITH_ALPHA || view.getUint32(30, true) === 6
  const masks = [...stated, hasAlpha ? view.getUint32(at + 12, true) : 0]
  return size >= WITH_MASKS || size === INFO_HEADER ? masks : usual
}

function byMasks(layout: Layout, masks: Masks): Samples {
  const { view, width, height, bits } = layout
  const channels = masks.map((mask) => ({ mask, shift: mask && 31 - Math.clz32(mask & -mask) }))
  const most = channels.map(({ mask, shift }) => mask >>> shift)
  const read = readers[bits]
  const data = Buffer.alloc(4 * width * height, 255)
  eachPixel(layout, (to, row, x) => {
    const value = read(view, row + (x * bits) / 8)
    for (let channel = 0; channel < 4; channel++) {
      const { mask, shift } = channels[channel]
      if (mask) data[to + channel] = Math.round((255 * ((value & mask) >>> shift)) / most[channel])
    }
  })
  return { data, channels: 4, width, height }
}

const readers: Readonly<Record<number, (view: DataView, at: number) => number>> = {
  16: (view, at) => view.getUint16(at, true),
  24: (view, at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16),
  32: (view, at) => view.getUint32(at, true),
}
