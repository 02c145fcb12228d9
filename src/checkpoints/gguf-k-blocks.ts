/**
 * Blocks of 256 values in groups of 16 or 32, whose scales are integers and share one scale of 16 bits: the K-quants of
 * ggml (ggml-common.h, ggml-quants.c of ggml).
 */
import { type BlockDecoder, f16At, LEVELS } from './gguf-blocks.ts'

const VALUES = 256

/** Where value `i` of a block lies that is packed in two halves of four rows of 32. */
const placeOf = (i: number) => ({ half: i >> 7, row: (i >> 5) & 3, column: i & 31, group: i >> 4 })

/** value = d (s & 15) q - m (s >> 4), q of two bits */
export const q2_k: BlockDecoder = (bytes, at, out, to) => {
  const [quants, d, m] = [at + 16, f16At(bytes, at + 80), f16At(bytes, at + 82)]
  for (let i = 0; i < VALUES; i++) {
    const { half, row, column, group } = placeOf(i)
    const scale = bytes.getUint8(at + group)
    const q = (bytes.getUint8(quants + half * 32 + column) >> (2 * row)) & 3
    out[to + i] = d * (scale & 15) * q - m * (scale >> 4)
  }
}

/** The scale of six bits of one of 16 groups: four in one of eight bytes, two in one of the four behind them. */
function sixBits(bytes: DataView, at: number, group: number): number {
  const low = group < 8 ? bytes.getUint8(at + group) & 15 : bytes.getUint8(at + group - 8) >> 4
  const high = (bytes.getUint8(at + 8 + (group & 3)) >> (2 * (group >> 2))) & 3
  return low | (high << 4)
}

/** value = d (s - 32) (q - 4), q of three bits, the highest of them in a mask before the others */
export const q3_k: BlockDecoder = (bytes, at, out, to) => {
  const [quants, scales, d] = [at + 32, at + 96, f16At(bytes, at + 108)]
  for (let i = 0; i < VALUES; i++) {
    const { half, row, column, group } = placeOf(i)
    const low = (bytes.getUint8(quants + half * 32 + column) >> (2 * row)) & 3
    const high = (bytes.getUint8(at + column) >> (half * 4 + row)) & 1
    out[to + i] = d * (sixBits(bytes, scales, group) - 32) * (low + 4 * high - 4)
  }
}

/** Scale and offset of six bits each of one of eight groups of 32. */
function scaleAndOffset(bytes: DataView, at: number, group: number): [scale: number, offset: number] {
  const byte = (i: number) => bytes.getUint8(at + i)
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63]
  const pair = byte(group + 4)
  return [(pair & 15) | ((byte(group - 4) >> 6) << 4), (pair >> 4) | ((byte(group) >> 6) << 4)]
}

/** value = d s q - m o for eight groups of 32; `fifth` is where the fifth bits stand, if q has five. */
function offsetGroups(
  bytes: DataView,
  at: number,
  { quants, fifth }: { quants: number; fifth?: number },
  out: Float32Array,
  to: number,
): void {
  const [d, m] = [f16At(bytes, at), f16At(bytes, at + 2)]
  for (let group = 0; group < 8; group++) {
    const [scale, offset] = scaleAndOffset(bytes, at + 4, group)
    const [step, base] = [d * scale, m * offset]
    for (let i = 0; i < 32; i++) {
      const pair = bytes.getUint8(quants + (group >> 1) * 32 + i)
      const low = group & 1 ? pair >> 4 : pair & 15
      const high = fifth === undefined ? 0 : (bytes.getUint8(fifth + i) >> group) & 1
      out[to + group * 32 + i] = step * (low | (high << 4)) - base
    }
  }
}

/** value = d s q - m o, q of four bits */
export const q4_k: BlockDecoder = (bytes, at, out, to) => offsetGroups(bytes, at, { quants: at + 16 }, out, to)

/** value = d s q - m o, q of five bits */
export const q5_k: BlockDecoder = (bytes, at, out, to) =>
  offsetGroups(bytes, at, { quants: at + 48, fifth: at + 16 }, out, to)

/** value = d s (q - 32), q of six bits, s of eight with a sign */
export const q6_k: BlockDecoder = (bytes, at, out, to) => {
  const [highs, scales, d] = [at + 128, at + 192, f16At(bytes, at + 208)]
  for (let i = 0; i < VALUES; i++) {
    const { half, row, column, group } = placeOf(i)
    const pair = bytes.getUint8(at + half * 64 + (row & 1) * 32 + column)
    const low = row < 2 ? pair & 15 : pair >> 4
    const high = (bytes.getUint8(highs + half * 32 + column) >> (2 * row)) & 3
    out[to + i] = d * bytes.getInt8(scales + group) * ((low | (high << 4)) - 32)
  }
}

/** value = d (s - 32) level(q) for eight groups of 32, s of six bits */
export const iq4_xs: BlockDecoder = (bytes, at, out, to) => {
  const [d, highs] = [f16At(bytes, at), bytes.getUint16(at + 2, true)]
  for (let group = 0; group < 8; group++) {
    const low = (bytes.getUint8(at + 4 + (group >> 1)) >> (4 * (group & 1))) & 15
    const step = d * ((low | (((highs >> (2 * group)) & 3) << 4)) - 32)
    for (let i = 0; i < 16; i++) {
      const pair = bytes.getUint8(at + 8 + group * 16 + i)
      out[to + group * 32 + i] = step * LEVELS[pair & 15]
      out[to + group * 32 + 16 + i] = step * LEVELS[pair >> 4]
    }
  }
}
