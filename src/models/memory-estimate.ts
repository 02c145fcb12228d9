/** How much memory a model needs, from its shapes alone. */
import { INT4_BLOCK } from '../tensor/index.ts'

export type WeightPrecision = 'fp32' | 'int8' | 'int4'

/** Bytes, by what they are for. */
export interface MemoryEstimate {
  readonly weights: Readonly<Record<WeightPrecision, number>>
  /** Keys and values of 1,000 tokens in f32, all layers; undefined where the decoder is not known. */
  readonly kvPer1000Tokens?: number
}

interface DecoderShape {
  readonly layers: number
  readonly heads: { readonly keyValue: number; readonly width: number }
}

const F32_BYTES = 4

/** Only matrices are multiplied by; norms, biases, embeddings (which are looked up) and convolutions stay in f32. */
const isQuantized = (name: string, shape: readonly number[]): boolean =>
  shape.length === 2 && !/embed|position|class_token|image_newline/i.test(name)

/** int8: one byte a value and a scale per output; int4: half a byte and a scale per block of 32 inputs. */
function weightBytes(name: string, shape: readonly number[]): Record<WeightPrecision, number> {
  const fp32 = F32_BYTES * shape.reduce((a, b) => a * b, 1)
  if (!isQuantized(name, shape)) return { fp32, int8: fp32, int4: fp32 }
  const [outputs, inputs] = shape
  const blocks = outputs * Math.ceil(inputs / INT4_BLOCK)
  return { fp32, int8: outputs * (inputs + F32_BYTES), int4: blocks * (INT4_BLOCK / 2 + F32_BYTES) }
}

/**
 * Memory of the weights at each precision, and of the KV cache.
 * @param tensors names and shapes `[outputs, inputs]` as checkpoints store them
 */
export function estimateMemory(
  tensors: Iterable<readonly [string, { readonly shape: readonly number[] }]>,
  decoder?: DecoderShape,
): MemoryEstimate {
  const weights = { fp32: 0, int8: 0, int4: 0 }
  for (const [name, { shape }] of tensors) {
    const bytes = weightBytes(name, shape)
    for (const precision of ['fp32', 'int8', 'int4'] as const) weights[precision] += bytes[precision]
  }
  return { weights, kvPer1000Tokens: decoder && kvBytes(decoder, 1000) }
}

/** Keys and values of `tokens` tokens in f32. */
export const kvBytes = ({ layers, heads }: DecoderShape, tokens: number): number =>
  2 * layers * heads.keyValue * heads.width * tokens * F32_BYTES
