/** Which image format a file is, judged by its first bytes only: names and declared types are not trusted. */

export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'svg' | 'avif' | 'heic' | 'tiff' | 'bmp' | 'jxl'

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}

function startsWith(bytes: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte)
}

/** SVG is text; a byte order mark, an XML declaration, comments and a doctype may come before its root element. */
function isSvg(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, 1024)).trimStart()
  return head.startsWith('<svg') || (/^<(\?xml|!--|!doctype svg)/i.test(head) && head.includes('<svg'))
}

/** What the first box of an MP4 file calls it, and what else it can be read as. */
function brandsOf(bytes: Uint8Array): string[] {
  if (ascii(bytes, 4, 8) !== 'ftyp') return []
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length, 256)
  const places = Array.from({ length: Math.max(0, Math.floor((end - 8) / 4)) }, (_, at) => 8 + 4 * at)
  return places.filter((at) => at !== 12).map((at) => ascii(bytes, at, at + 4))
}

/** The same box begins stills and videos; what it says first, decides, or of the brands of all stills what follows. */
function stillOf(bytes: Uint8Array): 'avif' | 'heic' | undefined {
  const [first, ...others] = brandsOf(bytes)
  if (first === undefined) return undefined
  const isAvif = (brand: string) => /^avi[fso]$/.test(brand)
  if (isAvif(first)) return 'avif'
  if (/^(hei[cxms]|hev[cxms])$/.test(first)) return 'heic'
  if (!/^(mif[12]|msf1|miaf)$/.test(first)) return undefined
  return others.some(isAvif) ? 'avif' : 'heic'
}

const isTiff = (bytes: Uint8Array): boolean =>
  startsWith(bytes, 0x49, 0x49, 0x2a, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 0x2a)

const isJxl = (bytes: Uint8Array): boolean =>
  startsWith(bytes, 0xff, 0x0a) || startsWith(bytes, 0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20)

/** The format, or undefined when the bytes start like none of them. */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return 'jpeg'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'gif'
  if (isTiff(bytes)) return rawOf(bytes) ? undefined : 'tiff'
  if (ascii(bytes, 0, 2) === 'BM' && bytes.length > 18 && startsWith(bytes.subarray(6), 0, 0, 0, 0)) return 'bmp'
  if (isJxl(bytes)) return 'jxl'
  return stillOf(bytes) ?? (isSvg(bytes) ? 'svg' : undefined)
}

const NEW_SUBFILE_TYPE = 254
const DNG_VERSION = 50706

/** Raw files of cameras look like TIFF, but what a reader of TIFF finds in them is a thumbnail. */
function rawOf(bytes: Uint8Array): string | undefined {
  if (/^CR/.test(ascii(bytes, 8, 10))) return 'a raw file of a camera (CR2)'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isLittle = bytes[0] === 0x49
  const start = bytes.length < 8 ? bytes.length : view.getUint32(4, isLittle)
  if (start + 2 > bytes.length) return undefined
  const count = Math.min(view.getUint16(start, isLittle), Math.floor((bytes.length - start - 2) / 12))
  for (let at = start + 2; at < start + 2 + 12 * count; at += 12) {
    const tag = view.getUint16(at, isLittle)
    if (tag === DNG_VERSION) return 'a raw file of a camera (DNG)'
    if (tag === NEW_SUBFILE_TYPE && view.getUint32(at + 8, isLittle) & 1) return 'a raw file of a camera'
  }
  return undefined
}

const UNREAD: readonly (readonly [name: string, is: (bytes: Uint8Array) => boolean])[] = [
  ['JPEG 2000', (bytes) => startsWith(bytes, 0, 0, 0, 0x0c, 0x6a, 0x50) || startsWith(bytes, 0xff, 0x4f, 0xff, 0x51)],
  ['JPEG XR', (bytes) => startsWith(bytes, 0x49, 0x49, 0xbc)],
  ['a Photoshop file', (bytes) => ascii(bytes, 0, 4) === '8BPS'],
  ['a PDF', (bytes) => ascii(bytes, 0, 5) === '%PDF-'],
  ['an icon (ICO)', (bytes) => startsWith(bytes, 0, 0, 1, 0)],
  ['OpenEXR', (bytes) => startsWith(bytes, 0x76, 0x2f, 0x31, 0x01)],
  ['a raw file of a camera (CR3)', (bytes) => ascii(bytes, 4, 12) === 'ftypcrx '],
  ['a raw file of a camera (RAF)', (bytes) => ascii(bytes, 0, 8) === 'FUJIFILM'],
  ['a raw file of a camera (RW2)', (bytes) => startsWith(bytes, 0x49, 0x49, 0x55, 0)],
  ['a raw file of a camera (ORF)', (bytes) => /^IIR[OS]/.test(ascii(bytes, 0, 4))],
  ['QOI', (bytes) => ascii(bytes, 0, 4) === 'qoif'],
  ['Netpbm', (bytes) => /^P[1-7]\s/.test(ascii(bytes, 0, 3))],
  ['a web page', (bytes) => /^<(!doctype html|html|head|body)/i.test(ascii(bytes, 0, 64).trimStart())],
]

/** The name of a format that is known and not read. */
export const unreadFormat = (bytes: Uint8Array): string | undefined =>
  (isTiff(bytes) && rawOf(bytes)) || UNREAD.find(([, is]) => is(bytes))?.[0]
