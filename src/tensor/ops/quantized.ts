import { mulDim, product } from '../dims.ts'
import type { NdArray } from '../ndarray.ts'
import { fixedDim, type Op, op, ShapeError, type Tensor } from '../tensor.ts'

/** Weights per block that share one scale in `linearInt4`. */
export const INT4_BLOCK = 32

export interface Int8Options {
  /**
   * Divides each row by its largest absolute value first and scales the result back. The engine quantizes activations
   * per tensor; this makes it per row, so that one outlier costs its own row only.
   */
  readonly perRow?: boolean
}

const rowMaximum = (x: NdArray, width: number): Float64Array =>
  Float64Array.from({ length: x.data.length / width }, (_, row) =>
    Math.max(SMALLEST_ROW, ...x.data.subarray(row * width, (row + 1) * width).map(Math.abs)),
  )
/** Rows of zeros are divided by this. */
const SMALLEST_ROW = 1e-12

/** Per-tensor uint8 quantization as DynamicQuantizeLinear defines it (in single precision), and back. */
function quantizeDynamic(x: Float64Array): Float64Array {
  let [low, high] = [0, 0]
  for (const v of x) [low, high] = [Math.min(low, v), Math.max(high, v)]
  const scale = Math.fround(Math.fround(Math.fround(high) - Math.fround(low)) / 255) || 1
  const zero = roundEven(Math.fround(-Math.fround(low) / scale))
  return x.map(
    (v) => (Math.min(Math.max(roundEven(Math.fround(Math.fround(v) / scale)) + zero, 0), 255) - zero) * scale,
  )
}

function roundEven(x: number): number {
  const low = Math.floor(x)
  const up = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0)
  return up ? low + 1 : low
}

/** x [rows, k] times w [k, n], where w is read element by element. */
function product2d(x: Float64Array, k: number, n: number, weight: (k: number, n: number) => number): Float64Array {
  const out = new Float64Array((x.length / k) * n)
  for (let row = 0; row < x.length / k; row++)
    for (let i = 0; i < k; i++) for (let j = 0; j < n; j++) out[row * n + j] += x[row * k + i] * weight(i, j)
  return out
}

/**
 * x [..., k] times an int8 weight [k, n] with one scale [n] (and zero point [n]) per column; activations are quantized
 * to 8 bits on the way (W8A8). Weights are signed: the engine's kernels for unsigned ones are three times slower. For
 * inference only, it has no gradient. `quantizeInt8` makes the operands.
 */
export const linearInt8: Op<
  { perRow: boolean },
  [x: Tensor, weight: Tensor, scale: Tensor, zero: Tensor, options?: Int8Options]
> = op({
  name: 'linearInt8',
  args: (x: Tensor, weight: Tensor, scale: Tensor, zero: Tensor, { perRow = false }: Int8Options = {}) => ({
    inputs: [x, weight, scale, zero],
    attrs: { perRow },
  }),
  shape: (inputs) => {
    const [x, weight, scale, zero] = inputs
    const n = weight.shape[1]
    const fits = x.shape.length >= 2 && weight.shape.length === 2 && x.shape.at(-1) === weight.shape[0]
    const perColumn = [scale, zero].every((t) => t.shape.length === 1 && t.shape[0] === n)
    if (!fits || !perColumn || inputs.map((t) => t.dtype).join() !== 'f32,i8,f32,i8')
      throw new ShapeError('linearInt8', 'needs f32[..., k], i8[k, n], f32[n], i8[n]', inputs)
    return { shape: [...x.shape.slice(0, -1), n], dtype: 'f32' }
  },
  onnx: (emit, [x, ...weight], { perRow }, { shape }) => {
    const multiply = (rows: string) => emit.node('DynamicQuantizeMatMul', [rows, ...weight], {}, 'com.microsoft')
    if (!perRow || product(shape.slice(0, -1)) === 1) return multiply(x)
    // The axis is counted from the front: ONNX Runtime 1.30 takes -1 for a wrong one where there are no rows.
    const axis = emit.dims([shape.length - 1])
    const largest = emit.node('ReduceMax', [emit.node('Abs', [x]), axis], { keepdims: 1 })
    const range = emit.node('Max', [largest, emit.constant('f32', [], [SMALLEST_ROW])])
    return emit.node('Mul', [multiply(emit.node('Div', [x, range])), range])
  },
  reference: ([x, weight, scale, zero], { perRow }, _, shape) => {
    const [k, n] = weight.shape
    const range = perRow ? rowMaximum(x, k) : undefined
    const rows = range ? x.data.map((v, at) => v / range[Math.floor(at / k)]) : x.data
    const read = (i: number, j: number) => (weight.data[i * n + j] - zero.data[j]) * scale.data[j]
    const out = product2d(quantizeDynamic(rows), k, n, read)
    return { shape, data: range ? out.map((v, at) => v * range[Math.floor(at / n)]) : out }
  },
  flops: ({ shape, inputs: [x] }) => mulDim(mulDim(2, product(shape)), x.shape.at(-1)!),
  // Weights below 64: processors without 8-bit dot products saturate sums of larger ones.
  sample: (r) => [
    r.tensor(
      r.pick([
        [2, 3, 8],
        [5, 8],
      ]),
    ),
    r.tensor([8, 6], { low: -63, high: 63, dtype: 'i8' }),
    r.tensor([6], { low: 0.001, high: 0.02 }),
    r.tensor([6], { low: 0, high: 0, dtype: 'i8' }),
    { perRow: r.pick([true, false]) },
  ],
})

export interface Int4Options {
  /** 'int8' quantizes activations by blocks on the way, which is faster; 'float' keeps them. */
  readonly activations?: 'int8' | 'float'
}

/**
 * x [..., k] times a 4-bit weight of n columns, in blocks of 32 along k: packed u8 [n, ceil(k / 32), 16], two values a
 * byte, low half first, 8 meaning 0; scales [n * ceil(k / 32)]. For inference only. `quantizeInt4` makes the operands.
 */
export const linearInt4: Op<
  { k: number; n: number; activations: 'int8' | 'float' },
  [x: Tensor, packed: Tensor, scales: Tensor, n: number, options?: Int4Options]
> = op({
  name: 'linearInt4',
  args: (x: Tensor, packed: Tensor, scales: Tensor, n: number, { activations = 'int8' }: Int4Options = {}) => ({
    inputs: [x, packed, scales],
    attrs: { k: fixedDim('linearInt4', x, -1), n, activations },
  }),
  shape: (inputs, { k, n }) => {
    const blocks = Math.ceil(k / INT4_BLOCK)
    const expected = `f32, u8 ${n},${blocks},${INT4_BLOCK / 2}, f32 ${n * blocks}`
    const [x, packed, scales] = inputs
    const actual = `${x.dtype}, ${packed.dtype} ${packed.shape}, ${scales.dtype} ${scales.shape}`
    if (expected !== actual) throw new ShapeError('linearInt4', `needs ${expected} after the input`, inputs)
    return { shape: [...x.shape.slice(0, -1), n], dtype: 'f32' }
  },
  onnx: (emit, inputs, { k, n, activations }) => {
    const attributes = { K: k, N: n, bits: 4, block_size: INT4_BLOCK, accuracy_level: activations === 'int8' ? 4 : 1 }
    return emit.node('MatMulNBits', inputs, attributes, 'com.microsoft')
  },
  // Exact in the activations: with 'int8' the engine's result differs by their rounding.
  reference: ([x, packed, scales], { k, n }, _, shape) => {
    const blocks = Math.ceil(k / INT4_BLOCK)
    const read = (i: number, j: number): number => {
      const block = j * blocks + Math.floor(i / INT4_BLOCK)
      const byte = packed.data[(block * INT4_BLOCK) / 2 + Math.floor((i % INT4_BLOCK) / 2)]
      return ((i % 2 ? byte >> 4 : byte & 15) - 8) * scales.data[block]
    }
    return { shape, data: product2d(x.data, k, n, read) }
  },
  flops: ({ shape, inputs: [x] }) => mulDim(mulDim(2, product(shape)), x.shape.at(-1)!),
  sample: (r) => {
    const k = r.pick([32, 64, 40])
    const blocks = Math.ceil(k / INT4_BLOCK)
    const packed = r.tensor([5, blocks, INT4_BLOCK / 2], { low: 0, high: 255, dtype: 'u8' })
    const scales = r.tensor([5 * blocks], { low: 0.01, high: 0.1 })
    return [
      r.tensor(
        r.pick([
          [2, 3, k],
          [4, k],
        ]),
      ),
      packed,
      scales,
      5,
      { activations: 'float' },
    ]
  },
})
