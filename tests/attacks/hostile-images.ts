/** Writers of hostile image files, one per abuse. */
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'

export interface HostileImage {
  name: string
  code: 'image_unreadable' | 'image_too_large' | 'unsupported_media'
  write: () => Promise<Uint8Array> | Uint8Array
}

function noise(width: number, height: number): Sharp {
  const data = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 256))
  return sharp(data, { raw: { width, height, channels: 3 } })
}

const png = () => noise(99, 97).png().toBuffer()
const jpeg = () => noise(99, 97).jpeg().toBuffer()

/** A PNG whose header states another size; the rest stays. */
async function withHeaderSize(width: number, height: number): Promise<Buffer> {
  const bytes = await png()
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

async function flipped(encode: () => Promise<Buffer>, at: number): Promise<Buffer> {
  const bytes = await encode()
  bytes[at < 0 ? bytes.length + at : at] ^= 0xff
  return bytes
}

async function cut(encode: () => Promise<Buffer>, share: number): Promise<Buffer> {
  const bytes = await encode()
  return bytes.subarray(0, Math.floor(bytes.length * share))
}

function chunk(type: string, body: Uint8Array): Buffer {
  const tagged = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const frame = Buffer.alloc(tagged.length + 8)
  frame.writeUInt32BE(body.length)
  tagged.copy(frame, 4)
  frame.writeUInt32BE(crc32(tagged), tagged.length + 4)
  return frame
}

/** 16000 x 16000 pixels of one bit in 31 kB; decoded to RGB, 768 MB. */
export function bomb(): Buffer {
  const side = 16000
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]) // size, then 1 bit, grey
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  const pixels = deflateSync(Buffer.alloc((side / 8 + 1) * side))
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

const text = (content: string) => () => new TextEncoder().encode(content)
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="200000" height="200000"/>'

export const HOSTILE_IMAGES: HostileImage[] = [
  { name: 'empty file', code: 'image_unreadable', write: () => new Uint8Array() },
  { name: 'one byte', code: 'unsupported_media', write: () => Uint8Array.of(0x89) },
  { name: '31 kB PNG of 256 megapixels', code: 'image_too_large', write: bomb },
  { name: 'header of 65535 x 65535', code: 'image_too_large', write: () => withHeaderSize(65535, 65535) },
  {
    name: 'header of 65535 x 65535 over 10 bytes',
    code: 'image_unreadable',
    write: async () => (await withHeaderSize(65535, 65535)).subarray(0, 43),
  },
  { name: 'zero width', code: 'image_unreadable', write: () => withHeaderSize(0, 97) },
  { name: 'zero height', code: 'image_unreadable', write: () => withHeaderSize(99, 0) },
  { name: 'negative width', code: 'image_unreadable', write: () => withHeaderSize(0xffffffff, 97) },
  { name: 'PNG cut in its header', code: 'image_unreadable', write: async () => (await png()).subarray(0, 20) },
  { name: 'PNG cut in its pixels', code: 'image_unreadable', write: () => cut(png, 0.6) },
  { name: 'PNG with a wrong checksum', code: 'image_unreadable', write: () => flipped(png, -14) },
  { name: 'PNG with a wrong header checksum', code: 'image_unreadable', write: () => flipped(png, 30) },
  { name: 'JPEG cut in its pixels', code: 'image_unreadable', write: () => cut(jpeg, 0.6) },
  { name: 'JPEG without its end mark', code: 'image_unreadable', write: async () => (await jpeg()).subarray(0, -2) },
  {
    name: 'WebP cut in its pixels',
    code: 'image_unreadable',
    write: () => cut(() => noise(99, 97).webp().toBuffer(), 0.6),
  },
  { name: 'GIF magic and nothing else', code: 'image_unreadable', write: text('GIF89a') },
  { name: 'PNG with a damaged chunk name', code: 'image_unreadable', write: () => flipped(png, 13) },
  { name: 'SVG', code: 'unsupported_media', write: text(svg) },
  { name: 'SVG behind an XML declaration', code: 'unsupported_media', write: text(`<?xml version="1.0"?>\n${svg}`) },
  {
    name: 'TIFF cut in its pixels',
    code: 'image_unreadable',
    write: () => cut(() => noise(99, 97).tiff().toBuffer(), 0.6),
  },
  {
    name: 'AVIF cut in its pixels',
    code: 'image_unreadable',
    write: () => cut(() => noise(99, 97).avif().toBuffer(), 0.6),
  },
  { name: 'PDF', code: 'unsupported_media', write: text('%PDF-1.7\n') },
  { name: 'MVG', code: 'unsupported_media', write: text('push graphic-context\nviewbox 0 0 640 480\n') },
  { name: 'VIPS', code: 'unsupported_media', write: () => Uint8Array.of(0x08, 0xf2, 0xa6, 0xb6, 0, 0, 0, 1) },
  { name: 'HTML page', code: 'unsupported_media', write: text('<!doctype html><title>Sign in</title>') },
]
