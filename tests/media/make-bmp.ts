/** BMP files, as Windows writes them. */
export interface BmpContent {
  readonly width: number
  /** Negative: the first row is the upper one. */
  readonly height: number
  readonly bits: number
  readonly compression?: number
  /** Red, green, blue and alpha, behind the header of 40 bytes. */
  readonly masks?: readonly number[]
  /** Blue, green, red, 0 for each colour. */
  readonly palette?: readonly number[]
  /** Rows of the file without the bytes that fill them up. */
  readonly rows: readonly (readonly number[])[]
}

const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255)
const u16 = (value: number): number[] => [value & 255, value >> 8]
const filled = (row: readonly number[]): number[] => [...row, ...Array(-row.length & 3).fill(0)]

export function bmp({ width, height, bits, compression = 0, masks = [], palette = [], rows }: BmpContent): Buffer {
  const start = 14 + 40 + 4 * masks.length + palette.length
  const size = masks.length === 4 ? 56 : 40
  const info = [...u32(size), ...u32(width), ...u32(height), ...u16(1), ...u16(bits), ...u32(compression)]
  const rest = [...u32(0), ...u32(0), ...u32(0), ...u32(palette.length / 4), ...u32(0)]
  const head = [0x42, 0x4d, ...u32(0), ...u32(0), ...u32(start), ...info, ...rest]
  return Buffer.from([...head, ...masks.flatMap(u32), ...palette, ...rows.flatMap(filled)])
}
