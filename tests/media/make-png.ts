/** PNG files of one row, with what encoders do not write: keys that are transparent. */
import { crc32, deflateSync } from 'node:zlib'

export interface PngRow {
  readonly width: number
  /** Bits of a sample. */
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly type: number
  readonly row: readonly number[]
  /** Content of tRNS; none where it is empty. */
  readonly transparency: readonly number[]
  readonly palette: readonly number[]
}

/** Numbers as two bytes each, the larger one first. */
export const u16 = (...values: number[]): number[] => values.flatMap((value) => [value >> 8, value & 255])

/** Pixels of three equal channels. */
export const grey = (...values: number[]): number[] => values.flatMap((value) => [value, value, value])

const u32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)

function chunk(name: string, content: readonly number[]): number[] {
  const named = [...Buffer.from(name), ...content]
  return [...u32(content.length), ...named, ...u32(crc32(Buffer.from(named)))]
}

export function png({ width, depth, type, row, transparency, palette }: PngRow): Buffer {
  const chunks = [
    chunk('IHDR', [...u32(width), ...u32(1), depth, type, 0, 0, 0]),
    palette.length ? chunk('PLTE', palette) : [],
    transparency.length ? chunk('tRNS', transparency) : [],
    chunk('IDAT', [...deflateSync(Buffer.from([0, ...row]))]),
    chunk('IEND', []),
  ]
  return Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...chunks.flat()])
}
