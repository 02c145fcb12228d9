/** The forms of tensors in GGUF files: how many bytes they take, and their values. Layout: ggml, src/ggml-common.h. */
import { FoveaError } from '../errors.ts'
import { bf16ToF32, f16ToF32 } from './dtypes.ts'

export interface GgufForm {
  readonly name: string
  /** Values that share a block, and its bytes. */
  readonly values: number
  readonly bytes: number
}

const form = (name: string, values: number, bytes: number): GgufForm => ({ name, values, bytes })

/** By the number that a file states. */
export const GGUF_FORMS: ReadonlyMap<number, GgufForm> = new Map([
  [0, form('F32', 1, 4)],
  [1, form('F16', 1, 2)],
  [2, form('Q4_0', 32, 18)],
  [3, form('Q4_1', 32, 20)],
  [6, form('Q5_0', 32, 22)],
  [7, form('Q5_1', 32, 24)],
  [8, form('Q8_0', 32, 34)],
  [10, form('Q2_K', 256, 84)],
  [11, form('Q3_K', 256, 110)],
  [12, form('Q4_K', 256, 144)],
  [13, form('Q5_K', 256, 176)],
  [14, form('Q6_K', 256, 210)],
  [24, form('I8', 1, 1)],
  [25, form('I16', 1, 2)],
  [26, form('I32', 1, 4)],
  [27, form('I64', 1, 8)],
  [28, form('F64', 1, 8)],
  [30, form('BF16', 1, 2)],
])

type Decoder = (bytes: Uint8Array, count: number) => Float32Array

const halves = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer)

/** The scale that begins each block of `size` bytes. */
const scales = (bytes: Uint8Array, size: number): Float32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return f16ToF32(Uint16Array.from({ length: bytes.length / size }, (_, block) => view.getUint16(block * size, true)))
}

/** value = scale * q, q of 8 bits with a sign. */
function decodeQ8(bytes: Uint8Array, count: number): Float32Array {
  const scale = scales(bytes, 34)
  const q = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const block = i >> 5
    out[i] = scale[block] * q[block * 34 + 2 + (i & 31)]
  }
  return out
}

/** value = scale * (q - 8); a byte holds the q of two values that lie 16 apart. */
function decodeQ4(bytes: Uint8Array, count: number): Float32Array {
  const scale = scales(bytes, 18)
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const [block, place] = [i >> 5, i & 31]
    const pair = bytes[block * 18 + 2 + (place & 15)]
    out[i] = scale[block] * ((place < 16 ? pair & 15 : pair >> 4) - 8)
  }
  return out
}

const decoders: Readonly<Record<string, Decoder>> = {
  F32: (bytes) => new Float32Array(bytes.slice().buffer),
  F16: (bytes) => f16ToF32(halves(bytes)),
  BF16: (bytes) => bf16ToF32(halves(bytes)),
  Q8_0: decodeQ8,
  Q4_0: decodeQ4,
}

/** Whether the values of a form can be read. */
export const isReadable = (name: string): boolean => Object.hasOwn(decoders, name)

/**
 * Values of a tensor in single precision, row-major.
 * @param bytes all of its blocks, as `count` values need
 * @throws FoveaError `checkpoint_format` for a form that is not read
 */
export function ggufValues(name: string, bytes: Uint8Array, count: number): Float32Array {
  if (isReadable(name)) return decoders[name](bytes, count)
  const known = Object.keys(decoders).join(', ')
  throw new FoveaError('checkpoint_format', 'input', `GGUF tensors of form ${name} are not read; ${known} are`)
}
