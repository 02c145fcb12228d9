import { mulDim, product } from '../dims.ts'
import { alongAxis, eachIndex, type NdArray } from '../ndarray.ts'
import { assertFloat, type Op, op, ShapeError, type Tensor } from '../tensor.ts'
import { add, div, mul, sqrt, square, sub } from './arithmetic.ts'
import { unbroadcast } from './broadcast.ts'
import { mean } from './reduce.ts'

const assertLast = (name: string, x: Tensor, ...affine: Tensor[]): void => {
  assertFloat(name, [x, ...affine])
  if (affine.some((t) => t.shape.length !== 1 || t.shape[0] !== x.shape.at(-1)))
    throw new ShapeError(name, 'scale and shift must have the size of the last axis', [x, ...affine])
}
const affineReference = (x: NdArray, scale: NdArray, shift?: NdArray): NdArray => {
  const data = new Float64Array(x.data.length)
  eachIndex(x.shape, (index, flat) => {
    const at = index.at(-1)!
    data[flat] = x.data[flat] * scale.data[at] + (shift?.data[at] ?? 0)
  })
  return { shape: x.shape, data }
}

/** (x - mean) / sqrt(var + eps) * scale + shift over the last axis. */
export const layerNorm: Op<{ epsilon: number }, [x: Tensor, scale: Tensor, shift: Tensor, epsilon?: number]> = op({
  name: 'layerNorm',
  args: (x: Tensor, scale: Tensor, shift: Tensor, epsilon = 1e-5) => ({
    inputs: [x, scale, shift],
    attrs: { epsilon },
  }),
  shape: ([x, scale, shift]) => {
    assertLast('layerNorm', x, scale, shift)
    return { shape: x.shape, dtype: x.dtype }
  },
  // n = (x - mu) / s;  dx = (h - mean(h) - n mean(h n)) / s  with h = dy * scale
  grad: (g, { inputs: [x, scale, shift], attrs: { epsilon } }) => {
    const centred = sub(x, mean(x, -1, true))
    const deviation = sqrt(add(mean(square(centred), -1, true), epsilon))
    const n = div(centred, deviation)
    const h = mul(g, scale)
    const dx = div(sub(sub(h, mean(h, -1, true)), mul(n, mean(mul(h, n), -1, true))), deviation)
    return [dx, unbroadcast(mul(g, n), scale.shape), unbroadcast(g, shift.shape)]
  },
  onnx: (emit, inputs, { epsilon }) =>
    emit.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
  reference: ([x, scale, shift], { epsilon }) => {
    const normalised = alongAxis(x, x.shape.length - 1, (line) => {
      const mu = line.reduce((a, b) => a + b, 0) / line.length
      const variance = line.reduce((total, v) => total + (v - mu) ** 2, 0) / line.length
      return line.map((v) => (v - mu) / Math.sqrt(variance + epsilon))
    })
    return affineReference(normalised, scale, shift)
  },
  flops: ({ shape }) => mulDim(8, product(shape)),
  sample: (r) => {
    const [a, b, n] = r.shape(3)
    return [r.tensor([a, b, n + 1]), r.tensor([n + 1]), r.tensor([n + 1])]
  },
})

/** x / sqrt(mean(x^2) + eps) * scale over the last axis. */
export const rmsNorm: Op<{ epsilon: number }, [x: Tensor, scale: Tensor, epsilon?: number]> = op({
  name: 'rmsNorm',
  args: (x: Tensor, scale: Tensor, epsilon = 1e-6) => ({ inputs: [x, scale], attrs: { epsilon } }),
  shape: ([x, scale]) => {
    assertLast('rmsNorm', x, scale)
    return { shape: x.shape, dtype: x.dtype }
  },
  // n = x / r;  dx = (h - n mean(h n)) / r  with h = dy * scale
  grad: (g, { inputs: [x, scale], attrs: { epsilon } }) => {
    const rms = sqrt(add(mean(square(x), -1, true), epsilon))
    const n = div(x, rms)
    const h = mul(g, scale)
    const dx = div(sub(h, mul(n, mean(mul(h, n), -1, true))), rms)
    return [dx, unbroadcast(mul(g, n), scale.shape)]
  },
  onnx: (emit, inputs, { epsilon }) =>
    emit.node('SimplifiedLayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
  reference: ([x, scale], { epsilon }) => {
    const normalised = alongAxis(x, x.shape.length - 1, (line) => {
      const r = Math.sqrt(line.reduce((total, v) => total + v * v, 0) / line.length + epsilon)
      return line.map((v) => v / r)
    })
    return affineReference(normalised, scale)
  },
  flops: ({ shape }) => mulDim(5, product(shape)),
  sample: (r) => {
    const [a, b, n] = r.shape(3)
    return [r.tensor([a, b, n]), r.tensor([n])]
  },
})
