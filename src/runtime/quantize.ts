import { INT4_BLOCK } from '../tensor/index.ts'
import type { Value } from './values.ts'

/** The operands of `linearInt8`. */
export interface Int8Weight {
  /** i8 [k, n]. */
  readonly weight: Value<Int8Array>
  /** f32 [n]. */
  readonly scale: Value<Float32Array>
  /** i8 [n], all 0: the quantization is symmetric. */
  readonly zero: Value<Int8Array>
}

/**
 * An f32 weight [k, n], row-major, in 8 bits with one scale per column. `limit` is the largest integer used: 127, or 63
 * for processors without 8-bit dot-product instructions (x86 without VNNI), whose sums saturate.
 */
export function quantizeInt8(values: Float32Array, k: number, n: number, limit = 127): Int8Weight {
  assertSize(values, k, n)
  const scale = new Float32Array(n)
  for (let at = 0; at < values.length; at++) {
    const column = at % n
    scale[column] = Math.max(scale[column], Math.abs(values[at]) / limit)
  }
  const weight = new Int8Array(k * n)
  for (let at = 0; at < values.length; at++) {
    const step = scale[at % n]
    if (step > 0) weight[at] = Math.max(-limit, Math.min(limit, Math.round(values[at] / step)))
  }
  return {
    weight: { dtype: 'i8', dims: [k, n], data: weight },
    scale: { dtype: 'f32', dims: [n], data: scale },
    zero: { dtype: 'i8', dims: [n], data: new Int8Array(n) },
  }
}

/** The operands of `linearInt4`. */
export interface Int4Weight {
  /** u8 [n, ceil(k / 32), 16]. */
  readonly packed: Value<Uint8Array>
  /** f32 [n * ceil(k / 32)]. */
  readonly scales: Value<Float32Array>
}

/**
 * An f32 weight [k, n], row-major, in 4 bits with one scale per block of 32 along k; a last, shorter block is filled
 * with zeros. The scale maps the value of largest magnitude onto -8, the end that 4 bits reach (as GGUF's Q4_0).
 */
export function quantizeInt4(values: Float32Array, k: number, n: number): Int4Weight {
  assertSize(values, k, n)
  const blocks = Math.ceil(k / INT4_BLOCK)
  const packed = new Uint8Array((n * blocks * INT4_BLOCK) / 2)
  const scales = new Float32Array(n * blocks)
  for (let column = 0; column < n; column++)
    for (let block = 0; block < blocks; block++) {
      const start = block * INT4_BLOCK
      const line = Float32Array.from({ length: INT4_BLOCK }, (_, at) => values[(start + at) * n + column] ?? 0)
      scales[column * blocks + block] = packBlock(line, packed, ((column * blocks + block) * INT4_BLOCK) / 2)
    }
  return {
    packed: { dtype: 'u8', dims: [n, blocks, INT4_BLOCK / 2], data: packed },
    scales: { dtype: 'f32', dims: [n * blocks], data: scales },
  }
}

/** Writes 32 values as 16 bytes and returns their scale. */
function packBlock(line: Float32Array, packed: Uint8Array, at: number): number {
  const extreme = line.reduce((most, v) => (Math.abs(v) > Math.abs(most) ? v : most), 0)
  const scale = Math.fround(extreme / -8)
  line.forEach((value, i) => {
    const level = scale === 0 ? 8 : Math.min(15, Math.max(0, Math.round(value / scale) + 8))
    packed[at + (i >> 1)] |= level << (i % 2 ? 4 : 0)
  })
  return scale
}

function assertSize(values: Float32Array, k: number, n: number): void {
  if (values.length !== k * n) throw new Error(`a weight of [${k}, ${n}] has ${k * n} values, got ${values.length}`)
}
