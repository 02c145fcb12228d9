/** Which kind of moving picture a file is, judged by its first bytes only: names are not trusted. */

import { sniffImageFormat } from '../image-format.ts'

/** `container`: what mediabunny reads, sound alone included; `animation`: an image format whose files may hold several frames. */
export type VideoKind = 'container' | 'animation' | 'unsupported'

/** Bytes that `sniffVideo` wants to see. */
export const SNIFF_BYTES = 4096

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))

const hasMagic = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, at) => bytes[at] === byte)

/** The first box of MP4 and QuickTime files. */
const BOXES = /^(ftyp|moov|mdat|wide|free|skip|pnot|styp|moof)$/

/** Packets of 188 bytes, each of which begins with 0x47. */
const isTransportStream = (bytes: Uint8Array): boolean =>
  bytes.length > 376 && bytes[0] === 0x47 && bytes[188] === 0x47 && bytes[376] === 0x47

/** AVIF and HEIC are MP4 files by their structure; they are images. */
const isStill = (bytes: Uint8Array): boolean => /^(avif|heic)$/.test(sniffImageFormat(bytes) ?? '')

const ANIMATIONS: readonly ((bytes: Uint8Array) => boolean)[] = [
  (bytes) => /^GIF8[79]a$/.test(ascii(bytes, 0, 6)),
  (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP',
]

const CONTAINERS: readonly ((bytes: Uint8Array) => boolean)[] = [
  (bytes) => BOXES.test(ascii(bytes, 4, 8)) && !isStill(bytes),
  (bytes) => hasMagic(bytes, 0x1a, 0x45, 0xdf, 0xa3), // Matroska and WebM
  isTransportStream,
  (bytes) => /^(OggS|fLaC|ID3.)$/.test(ascii(bytes, 0, 4)),
  (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WAVE',
]

const UNSUPPORTED: readonly (readonly [name: string, is: (bytes: Uint8Array) => boolean])[] = [
  ['AVI', (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 11) === 'AVI'],
  ['FLV', (bytes) => ascii(bytes, 0, 3) === 'FLV'],
  ['WMV', (bytes) => hasMagic(bytes, 0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11)],
  ['MPEG-PS', (bytes) => hasMagic(bytes, 0, 0, 1, 0xba)],
  ['animated PNG', isAnimatedPng],
]

/** The chunk that makes a PNG move stands before its pixels. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  if (!hasMagic(bytes, 0x89, 0x50, 0x4e, 0x47)) return false
  const text = ascii(bytes, 0, Math.min(bytes.length, SNIFF_BYTES))
  const [control, pixels] = [text.indexOf('acTL'), text.indexOf('IDAT')]
  return control > 0 && (pixels < 0 || control < pixels)
}

/** The name of a form of video that is known and cannot be read. */
export const unsupportedVideo = (bytes: Uint8Array): string | undefined => UNSUPPORTED.find(([, is]) => is(bytes))?.[0]

/** What kind of moving picture starts with these bytes; undefined for everything else, images among it. */
export function sniffVideo(bytes: Uint8Array): VideoKind | undefined {
  if (CONTAINERS.some((is) => is(bytes))) return 'container'
  if (ANIMATIONS.some((is) => is(bytes))) return 'animation'
  return unsupportedVideo(bytes) === undefined ? undefined : 'unsupported'
}
