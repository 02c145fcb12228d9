/** Number formats of checkpoint files: their sizes, and the 16-bit floats that JavaScript lacks. */

/** Bytes per element of each dtype that a safetensors file may hold. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

export type CheckpointDtype = keyof typeof DTYPE_BYTES

/** Whether `name` is a dtype of `DTYPE_BYTES` (and not a key of its prototype). */
export function isCheckpointDtype(name: string): name is CheckpointDtype {
  return Object.hasOwn(DTYPE_BYTES, name)
}

/** bf16 is the upper half of an f32. Fills `into`, or a new array. */
export function bf16ToF32(halves: Uint16Array, into = new Float32Array(halves.length)): Float32Array {
  const bits = new Uint32Array(into.buffer, into.byteOffset, halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16
  return into
}

/** Rounds to nearest, ties to even; NaN stays NaN. */
export function f32ToBf16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < halves.length; i++) {
    const b = bits[i]
    const isNan = (b & 0x7fffffff) > 0x7f800000
    // Adding 0x7fff, or 0x8000 when the kept half is odd, carries exactly when rounding goes up.
    halves[i] = isNan ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16
  }
  return halves
}

/** The value of one f16 bit pattern: (-1)^sign * 2^(exponent - 15) * 1.fraction, subnormals at exponent 0. */
function f16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

let f16Values: Float32Array | undefined

/** Looks each of the 65 536 patterns up in a table that the first call fills. Fills `into`, or a new array. */
export function f16ToF32(halves: Uint16Array, into = new Float32Array(halves.length)): Float32Array {
  f16Values ??= Float32Array.from({ length: 0x10000 }, (_, half) => f16Value(half))
  for (let i = 0; i < halves.length; i++) into[i] = f16Values[halves[i]]
  return into
}

/** Fraction bits are dropped with rounding to nearest, ties to even; a carry moves into the exponent by itself. */
function roundShift(value: number, shift: number): number {
  const half = 1 << (shift - 1)
  const odd = (value >>> shift) & 1
  return (value + half - 1 + odd) >>> shift
}

/** The f16 pattern nearest to the f32 with bit pattern `bits`. */
function f16Pattern(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // 65520 and above round to infinity
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - (112 << 23), 13) // normal: exponent bias 127 -> 15
  if (magnitude <= 0x33000000) return sign // up to 2^-25 rounds to zero
  const shift = 126 - (magnitude >>> 23)
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, shift) // subnormal
}

/** Rounds to nearest, ties to even; values from 65520 become infinity; NaN stays NaN. */
export function f32ToF16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < halves.length; i++) halves[i] = f16Pattern(bits[i])
  return halves
}
