/** Blocks of 32 values with a scale of their own, as ggml packs them (ggml-common.h, ggml-quants.c of ggml). */
import { f16ToF32 } from './dtypes.ts'

/** Writes the values of the block that begins at byte `at` from `to` on. */
export type BlockDecoder = (bytes: DataView, at: number, out: Float32Array, to: number) => void

const half = new Uint16Array(1)

/** A scale of 16 bits. */
export function f16At(bytes: DataView, at: number): number {
  half[0] = bytes.getUint16(at, true)
  return f16ToF32(half)[0]
}

const HALF = 16

/** A byte holds the low four bits of two values that lie 16 apart. */
function eachPair(bytes: DataView, at: number, take: (place: number, low: number) => void): void {
  for (let i = 0; i < HALF; i++) {
    const pair = bytes.getUint8(at + i)
    take(i, pair & 15)
    take(i + HALF, pair >> 4)
  }
}

/** value = d (q - 8) */
export const q4_0: BlockDecoder = (bytes, at, out, to) => {
  const d = f16At(bytes, at)
  eachPair(bytes, at + 2, (i, q) => {
    out[to + i] = d * (q - 8)
  })
}

/** value = d q + m */
export const q4_1: BlockDecoder = (bytes, at, out, to) => {
  const [d, m] = [f16At(bytes, at), f16At(bytes, at + 2)]
  eachPair(bytes, at + 4, (i, q) => {
    out[to + i] = d * q + m
  })
}

/** value = d (q - 16); the fifth bits of all values stand before the others. */
export const q5_0: BlockDecoder = (bytes, at, out, to) => {
  const [d, fifth] = [f16At(bytes, at), bytes.getUint32(at + 2, true)]
  eachPair(bytes, at + 6, (i, q) => {
    out[to + i] = d * ((q | (((fifth >>> i) & 1) << 4)) - 16)
  })
}

/** value = d q + m, q of five bits */
export const q5_1: BlockDecoder = (bytes, at, out, to) => {
  const [d, m, fifth] = [f16At(bytes, at), f16At(bytes, at + 2), bytes.getUint32(at + 4, true)]
  eachPair(bytes, at + 8, (i, q) => {
    out[to + i] = d * (q | (((fifth >>> i) & 1) << 4)) + m
  })
}

/** value = d q, q of eight bits with a sign */
export const q8_0: BlockDecoder = (bytes, at, out, to) => {
  const d = f16At(bytes, at)
  for (let i = 0; i < 2 * HALF; i++) out[to + i] = d * bytes.getInt8(at + 2 + i)
}

/** What the 16 codes of the non-linear forms stand for. */
export const LEVELS = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const

/** value = d level(q) */
export const iq4_nl: BlockDecoder = (bytes, at, out, to) => {
  const d = f16At(bytes, at)
  eachPair(bytes, at + 2, (i, q) => {
    out[to + i] = d * LEVELS[q]
  })
}
