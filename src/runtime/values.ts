import type { DType } from '../tensor/index.ts'

export type TypedArray = Float32Array | BigInt64Array | Int32Array | Uint16Array | Int8Array | Uint8Array

/** A concrete tensor that goes into or comes out of a program. */
export interface Value<Data extends TypedArray = TypedArray> {
  readonly dtype: DType
  readonly dims: readonly number[]
  readonly data: Data
}

const arrays = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const

/** An empty array of a dtype's element type. */
export const allocate = (dtype: DType, length: number): TypedArray => new arrays[dtype](length)

/** Numbers as the typed array of a dtype (not for f16 and bf16, whose bits are not numbers). */
export function typedArray(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === 'f16' || dtype === 'bf16') throw new Error(`${dtype} values are stored as bits; convert them first`)
  return dtype === 'i64' ? bigInts(values) : arrays[dtype].from(values)
}

/** Many times as fast as `BigInt64Array.from`, and on the way to every token. */
function bigInts(values: ArrayLike<number>): BigInt64Array {
  const data = new BigInt64Array(values.length)
  for (let at = 0; at < values.length; at++) data[at] = BigInt(values[at])
  return data
}

export const f32 = (dims: readonly number[], data: Float32Array): Value<Float32Array> => ({ dtype: 'f32', dims, data })
export const i64 = (dims: readonly number[], values: ArrayLike<number>): Value<BigInt64Array> => ({
  dtype: 'i64',
  dims,
  data: bigInts(values),
})

export const bytesOf = (array: TypedArray | Float64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** One array after another. */
export function joinFloats(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]
  const data = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part, at)
    at += part.length
  }
  return data
}
