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
  const rows = transposed(values, k, n)
  const into = { weight: new Int8Array(k * n), scale: new Float32Array(n) }
  packInt8(rows, { k, n, from: 0, limit }, into)
  return {
    weight: { dtype: 'i8', dims: [k, n], data: into.weight },
    scale: { dtype: 'f32', dims: [n], data: into.scale },
    zero: { dtype: 'i8', dims: [n], data: new Int8Array(n) },
  }
}

/** Which rows of W [n, k], as checkpoints store it, are given: those from `from` on. */
export interface RowRange {
  readonly k: number
  readonly n: number
  readonly from: number
}

/** Rows that are written together, so that a line of the cache is filled before it is left. */
const TILE = 64

interface Int8Range extends RowRange {
  readonly limit?: number
}

/** The scales of some rows of W, into the scales [n] of all; of a row with a value that is no number they are none. */
export function scaleInt8(rows: Float32Array, { k, from, limit = 127 }: Int8Range, scale: Float32Array): void {
  const bits = bitsOf(rows)
  for (let row = 0; row < rows.length / k; row++) {
    const at = largestAt(bits, row * k, k)
    scale[from + row] = Math.abs(rows[at]) / limit
  }
}

/** Rows of W as columns of the int8 weight [k, n] and its scales [n]. */
export function packInt8(
  rows: Float32Array,
  { k, n, from, limit = 127 }: Int8Range,
  { weight, scale }: { readonly weight: Int8Array; readonly scale: Float32Array },
): void {
  const count = rows.length / k
  scaleInt8(rows, { k, n, from, limit }, scale)
  const inverse = Float64Array.from(scale.subarray(from, from + count), (step) => (step > 0 ? 1 / step : 0))
  for (let start = 0; start < count; start += TILE) {
    const end = Math.min(count, start + TILE)
    for (let i = 0; i < k; i++)
      for (let row = start; row < end; row++) {
        // Cut off after it was made positive, a number is rounded: several times as fast as Math.round.
        const level = ((rows[row * k + i] * inverse[row] + 128.5) | 0) - 128
        weight[i * n + from + row] = Math.max(-limit, Math.min(limit, level))
      }
  }
}

const bitsOf = (rows: Float32Array): Int32Array => new Int32Array(rows.buffer, rows.byteOffset, rows.length)

/** Where the value of largest magnitude stands: without their sign, the bits of floats have the order of the floats. */
function largestAt(bits: Int32Array, start: number, count: number): number {
  let [most, at] = [0, start]
  for (let i = start; i < start + count; i++) {
    const magnitude = bits[i] & 0x7fffffff
    if (magnitude > most) {
      most = magnitude
      at = i
    }
  }
  return at
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
  const into = { packed: new Uint8Array((n * blocks * INT4_BLOCK) / 2), scales: new Float32Array(n * blocks) }
  packInt4(transposed(values, k, n), { k, n, from: 0 }, into)
  return {
    packed: { dtype: 'u8', dims: [n, blocks, INT4_BLOCK / 2], data: into.packed },
    scales: { dtype: 'f32', dims: [n * blocks], data: into.scales },
  }
}

/** Rows of W as rows of the int4 weight [n, ceil(k / 32), 16] and its scales. */
export function packInt4(
  rows: Float32Array,
  { k, from }: RowRange,
  { packed, scales }: { readonly packed: Uint8Array; readonly scales: Float32Array },
): void {
  const bits = bitsOf(rows)
  const blocks = Math.ceil(k / INT4_BLOCK)
  for (let row = 0; row < rows.length / k; row++)
    for (let block = 0; block < blocks; block++) {
      const start = row * k + block * INT4_BLOCK
      const count = Math.min(INT4_BLOCK, (row + 1) * k - start)
      const at = (from + row) * blocks + block
      scales[at] = Math.fround(rows[largestAt(bits, start, count)] / -8)
      packBlock(rows, { start, count, scale: scales[at] }, packed, (at * INT4_BLOCK) / 2)
    }
}

interface Block {
  readonly start: number
  readonly count: number
  readonly scale: number
}

/** Writes up to 32 values as 16 bytes; what a shorter block lacks is 0. */
function packBlock(rows: Float32Array, { start, count, scale }: Block, packed: Uint8Array, at: number): void {
  const inverse = scale === 0 ? 0 : 1 / scale
  const level = (i: number) => (i < count ? Math.max(0, Math.min(15, (rows[start + i] * inverse + 8.5) | 0)) : 8)
  for (let i = 0; i < INT4_BLOCK / 2; i++) packed[at + i] = level(2 * i) | (level(2 * i + 1) << 4)
}

function transposed(values: Float32Array, k: number, n: number): Float32Array {
  const rows = new Float32Array(k * n)
  for (let i = 0; i < k; i++) for (let column = 0; column < n; column++) rows[column * k + i] = values[i * n + column]
  return rows
}

function assertSize(values: Float32Array, k: number, n: number): void {
  if (values.length !== k * n) throw new Error(`a weight of [${k}, ${n}] has ${k * n} values, got ${values.length}`)
}
