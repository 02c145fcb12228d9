import { assertFloat, type Op, op, ShapeError, type Tensor } from '../tensor.ts'
import { mul, sigmoid } from './arithmetic.ts'
import { cast, greaterEqual, where } from './logic.ts'

/** x where positive, slope * x elsewhere. */
export const leakyRelu: Op<{ slope: number }, [x: Tensor, slope?: number]> = op({
  name: 'leakyRelu',
  args: (x: Tensor, slope = 0.01) => ({ inputs: [x], attrs: { slope } }),
  shape: ([x]) => {
    assertFloat('leakyRelu', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // dx = x >= 0 ? dy : slope dy
  grad: (g, { inputs: [x], attrs: { slope } }) => [where(greaterEqual(x, 0), g, mul(g, slope))],
  onnx: (emit, [x], { slope }) => emit.node('LeakyRelu', [x], { alpha: { float: slope } }),
  reference: ([x], { slope }) => ({ shape: x.shape, data: x.data.map((v) => (v >= 0 ? v : slope * v)) }),
  sample: (r) => [r.tensor([3, 4]), r.pick([0.01, 0.2])],
})

/** log(1 + e^x), without overflow. */
export const softplus: Op<object, [x: Tensor]> = op({
  name: 'softplus',
  args: (x: Tensor) => ({ inputs: [x], attrs: {} }),
  shape: ([x]) => {
    assertFloat('softplus', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // d log(1 + e^x) = sigmoid(x) dx
  grad: (g, { inputs: [x] }) => [mul(g, sigmoid(x))],
  onnx: (emit, [x]) => emit.node('Softplus', [x]),
  reference: ([x]) => ({
    shape: x.shape,
    data: x.data.map((v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))),
  }),
  sample: (r) => [r.tensor([3, 4], { low: -30, high: 30 })],
})

/**
 * The value of `hard` with the gradient of `soft` (Bengio et al. 2013): choices that are not differentiable, such as a
 * top-k mask, train the scores behind them.
 */
export const straightThrough: Op<object, [hard: Tensor, soft: Tensor]> = op({
  name: 'straightThrough',
  args: (hard: Tensor, soft: Tensor) => ({ inputs: [cast(hard, soft.dtype), soft], attrs: {} }),
  shape: ([hard, soft]) => {
    assertFloat('straightThrough', [soft])
    if (hard.shape.join() !== soft.shape.join())
      throw new ShapeError('straightThrough', 'both must have the same shape', [hard, soft])
    return { shape: soft.shape, dtype: soft.dtype }
  },
  // By definition, not by derivative: all of dy goes to the soft value.
  grad: (g) => [null, g],
  onnx: (_, [hard]) => hard,
  reference: ([hard]) => hard,
  flops: () => 0,
})
