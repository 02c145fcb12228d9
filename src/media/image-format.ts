/** Which image format a file is, judged by its first bytes only: names and declared types are not trusted. */

export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'svg'

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

/** The format, or undefined when the bytes start like none of the five. */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return 'jpeg'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'gif'
  return isSvg(bytes) ? 'svg' : undefined
}
