/** The forms of tensors in GGUF files: how many bytes they take, and their values. Layout: ggml, src/ggml-common.h. */
import { FoveaError } from '../errors.ts'
import { bf16ToF32, f16ToF32 } from './dtypes.ts'
import { type BlockDecoder, iq4_nl, q4_0, q4_1, q5_0, q5_1, q8_0 } from './gguf-blocks.ts'
import { iq4_xs, q2_k, q3_k, q4_k, q5_k, q6_k } from './gguf-k-blocks.ts'

export interface GgufForm {
  readonly name: string
  /** Values that share a block, and its bytes. */
  readonly values: number
  readonly bytes: number
  /** Absent where values are not packed in blocks, or not read. */
  readonly block?: BlockDecoder
}

const form = (name: string, values: number, bytes: number, block?: BlockDecoder): GgufForm => ({
  name,
  values,
  bytes,
  block,
})

/** By the number that a file states. */
export const GGUF_FORMS: ReadonlyMap<number, GgufForm> = new Map([
  [0, form('F32', 1, 4)],
  [1, form('F16', 1, 2)],
  [2, form('Q4_0', 32, 18, q4_0)],
  [3, form('Q4_1', 32, 20, q4_1)],
  [6, form('Q5_0', 32, 22, q5_0)],
  [7, form('Q5_1', 32, 24, q5_1)],
  [8, form('Q8_0', 32, 34, q8_0)],
  [10, form('Q2_K', 256, 84, q2_k)],
  [11, form('Q3_K', 256, 110, q3_k)],
  [12, form('Q4_K', 256, 144, q4_k)],
  [13, form('Q5_K', 256, 176, q5_k)],
  [14, form('Q6_K', 256, 210, q6_k)],
  [16, form('IQ2_XXS', 256, 66)],
  [17, form('IQ2_XS', 256, 74)],
  [18, form('IQ3_XXS', 256, 98)],
  [19, form('IQ1_S', 256, 50)],
  [20, form('IQ4_NL', 32, 18, iq4_nl)],
  [21, form('IQ3_S', 256, 110)],
  [22, form('IQ2_S', 256, 82)],
  [23, form('IQ4_XS', 256, 136, iq4_xs)],
  [24, form('I8', 1, 1)],
  [25, form('I16', 1, 2)],
  [26, form('I32', 1, 4)],
  [27, form('I64', 1, 8)],
  [28, form('F64', 1, 8)],
  [29, form('IQ1_M', 256, 56)],
  [30, form('BF16', 1, 2)],
])

type Decoder = (bytes: Uint8Array) => Float32Array

const halves = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer)

const floats: Readonly<Record<string, Decoder>> = {
  F32: (bytes) => new Float32Array(bytes.slice().buffer),
  F16: (bytes) => f16ToF32(halves(bytes)),
  BF16: (bytes) => bf16ToF32(halves(bytes)),
}

const byName: ReadonlyMap<string, GgufForm> = new Map([...GGUF_FORMS.values()].map((each) => [each.name, each]))

/** The forms whose values are read. */
export const READABLE: readonly string[] = [...byName.values()]
  .filter(({ name, block }) => block || Object.hasOwn(floats, name))
  .map(({ name }) => name)

/**
 * Values of a tensor in single precision, row-major.
 * @param bytes all of its blocks, as `count` values need
 * @throws FoveaError `checkpoint_format` for a form that is not read
 */
export function ggufValues(name: string, bytes: Uint8Array, count: number): Float32Array {
  if (Object.hasOwn(floats, name)) return floats[name](bytes)
  const { block, values, bytes: size } = byName.get(name) ?? form(name, 1, 1)
  if (!block)
    throw new FoveaError(
      'checkpoint_format',
      'input',
      `GGUF tensors of form ${name} are not read; ${READABLE.join(', ')} are`,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(count)
  for (let at = 0, to = 0; to < count; at += size, to += values) block(view, at, out, to)
  return out
}

/** Bytes that `count` values of a form take. */
export function ggufBytes(name: string, count: number): number {
  const { values, bytes } = byName.get(name)!
  return (count / values) * bytes
}
