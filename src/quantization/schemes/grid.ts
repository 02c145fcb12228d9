/** The numbers that a weight can be in few bits, as the engine packs them. */
import { INT4_BLOCK } from '../../tensor/index.ts'

export type Bits = 4 | 8

/** A matrix [n, k], row by row. */
export interface Matrix {
  readonly values: Float32Array
  readonly k: number
}

/** Neighbours along k that share a scale: blocks in 4 bits, whole rows in 8. */
export const blockOf = (bits: Bits, k: number): number => (bits === 4 ? INT4_BLOCK : k)

/** The end that the largest value of a block is put on: -8 in 4 bits, 127 in 8. */
const endOf = (bits: Bits): number => (bits === 4 ? -8 : 127)

export interface BlockScale {
  readonly scale: number
  /** Where the value of largest magnitude stands. Its level is the end of the range, so that the scale is found again. */
  readonly extreme: number
}

/** The scale of `values[start .. end)`. */
export function scaleOf(values: Float32Array, start: number, end: number, bits: Bits): BlockScale {
  let extreme = start
  for (let at = start; at < end; at++) if (Math.abs(values[at]) > Math.abs(values[extreme])) extreme = at
  const value = values[extreme]
  const scale = bits === 4 ? value / -8 : Math.abs(value) / 127
  return { scale: Math.fround(scale), extreme }
}

/** The number of the grid next to a value. */
export function nearest(value: number, scale: number, bits: Bits): number {
  if (scale === 0) return 0
  const level = Math.round(value / scale)
  const [low, high] = bits === 4 ? [-8, 7] : [-127, 127]
  return Math.max(low, Math.min(high, level)) * scale
}

/** The end of the range that a block's largest value is put on. */
export const atEnd = (value: number, scale: number, bits: Bits): number =>
  endOf(bits) * scale * (bits === 8 && value < 0 ? -1 : 1)

/** Round to nearest: each value goes to the number of its block's grid that is next to it. */
export function roundToNearest({ values, k }: Matrix, bits: Bits): Float32Array {
  const rounded = new Float32Array(values.length)
  const block = blockOf(bits, k)
  for (let row = 0; row < values.length; row += k)
    for (let start = row; start < row + k; start += block) {
      const end = Math.min(start + block, row + k)
      const { scale } = scaleOf(values, start, end, bits)
      for (let at = start; at < end; at++) rounded[at] = nearest(values[at], scale, bits)
    }
  return rounded
}
