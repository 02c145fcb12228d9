import { mulDim, product } from '../dims.ts'
import { alongAxis, type NdArray } from '../ndarray.ts'
import { assertFloat, assertNumeric, type Op, op, type Tensor, wrapAxis } from '../tensor.ts'
import { div, mul, sub } from './arithmetic.ts'
import {
  expand,
  keepAxes,
  type Reduction,
  type ReductionArgs,
  reductionArgs,
  reductionShape,
  sum,
} from './broadcast.ts'
import { cast, equal } from './logic.ts'
import { dimValue } from './sources.ts'

/** Collapses the reduced axes one after the other. */
function reduceLines(x: NdArray, { axes }: Reduction, shape: readonly number[], f: (line: Float64Array) => number) {
  const out = axes.reduce((value, axis) => alongAxis(value, axis, (line) => [f(line)]), x)
  return { data: out.data, shape }
}

/** Arithmetic mean over axes (all when none are named). */
export const mean: Op<Reduction, ReductionArgs> = op({
  name: 'mean',
  args: reductionArgs('mean'),
  shape: ([x], attrs) => {
    assertFloat('mean', [x])
    return reductionShape([x], attrs)
  },
  // y_i = 1/n sum_j x_ij  =>  dx_ij = dy_i / n
  grad: (g, { inputs: [x], attrs }) => {
    const n = product(attrs.axes.map((axis) => x.shape[axis]))
    const spread = expand(keepAxes(g, x, attrs.axes), x.shape)
    return [typeof n === 'number' ? mul(spread, 1 / n) : div(spread, cast(dimValue(n), x.dtype))]
  },
  onnx: (emit, [x], { axes, keep }) =>
    axes.length ? emit.node('ReduceMean', [x, emit.dims(axes)], { keepdims: keep ? 1 : 0 }) : x,
  reference: ([x], attrs, _, shape) =>
    reduceLines(x, attrs, shape, (line) => line.reduce((a, b) => a + b, 0) / line.length),
  flops: ({ inputs: [x] }) => product(x.shape),
  sample: (r) => [r.tensor(r.shape(3)), r.pick([[1], [0, 2], [-1], undefined]), r.pick([true, false])],
})

function extremum(name: string, onnxType: string, f: (line: Float64Array) => number): Op<Reduction, ReductionArgs> {
  return op({
    name,
    args: reductionArgs(name),
    shape: ([x], attrs) => {
      assertNumeric(name, [x])
      return reductionShape([x], attrs)
    },
    // The gradient is shared by the elements that reach the extremum.
    grad: (g, { inputs: [x], attrs, out }) => {
      const hit = cast(equal(x, expand(keepAxes(out, x, attrs.axes), x.shape)), x.dtype)
      const share = div(hit, sum(hit, attrs.axes, true))
      return [mul(share, expand(keepAxes(g, x, attrs.axes), x.shape))]
    },
    onnx: (emit, [x], { axes, keep }) =>
      axes.length ? emit.node(onnxType, [x, emit.dims(axes)], { keepdims: keep ? 1 : 0 }) : x,
    reference: ([x], attrs, _, shape) => reduceLines(x, attrs, shape, f),
    flops: ({ inputs: [x] }) => product(x.shape),
    sample: (r) => [
      r.tensor(r.shape(3), { distinct: true }),
      r.pick([[1], [0, 2], [-1], undefined]),
      r.pick([true, false]),
    ],
  })
}

/** Largest value over axes. */
export const max = extremum('max', 'ReduceMax', (line) => Math.max(...line))
/** Smallest value over axes. */
export const min = extremum('min', 'ReduceMin', (line) => Math.min(...line))

/** Index (i64) of the largest value along one axis; the first of equals. */
export const argmax: Op<Reduction, [x: Tensor, axis?: number, keep?: boolean]> = op({
  name: 'argmax',
  args: (x: Tensor, axis = -1, keep = false) => reductionArgs('argmax')(x, axis, keep),
  shape: (inputs, attrs) => ({ shape: reductionShape(inputs, attrs).shape, dtype: 'i64' }),
  onnx: (emit, [x], { axes, keep }) => emit.node('ArgMax', [x], { axis: axes[0], keepdims: keep ? 1 : 0 }),
  reference: ([x], attrs, _, shape) => reduceLines(x, attrs, shape, (line) => line.indexOf(Math.max(...line))),
  flops: ({ inputs: [x] }) => product(x.shape),
  sample: (r) => [r.tensor(r.shape(3), { distinct: true }), r.pick([0, 1, -1]), r.pick([true, false])],
})

/** Running sum along an axis; `reverse` runs from the end, `exclusive` leaves out the element itself. */
export const cumsum: Op<
  { axis: number; reverse: boolean; exclusive: boolean },
  [x: Tensor, axis?: number, options?: { reverse?: boolean; exclusive?: boolean }]
> = op({
  name: 'cumsum',
  args: (x: Tensor, axis = -1, options: { reverse?: boolean; exclusive?: boolean } = {}) => ({
    inputs: [x],
    attrs: { axis: wrapAxis('cumsum', x, axis), reverse: !!options.reverse, exclusive: !!options.exclusive },
  }),
  shape: ([x]) => {
    assertNumeric('cumsum', [x])
    return { shape: x.shape, dtype: x.dtype }
  },
  // y_i = sum_{j<=i} x_j  =>  dx_j = sum_{i>=j} dy_i
  grad: (g, { attrs: { axis, reverse, exclusive } }) => [cumsum(g, axis, { reverse: !reverse, exclusive })],
  onnx: (emit, [x], { axis, reverse, exclusive }) =>
    emit.node('CumSum', [x, emit.constant('i64', [], [axis])], {
      reverse: Number(reverse),
      exclusive: Number(exclusive),
    }),
  reference: ([x], { axis, reverse, exclusive }) =>
    alongAxis(x, axis, (line) => {
      const out = new Float64Array(line.length)
      let total = 0
      for (let step = 0; step < line.length; step++) {
        const at = reverse ? line.length - 1 - step : step
        out[at] = exclusive ? total : total + line[at]
        total += line[at]
      }
      return out
    }),
  sample: (r) => [
    r.tensor(r.shape(3)),
    r.pick([0, 1, 2]),
    { reverse: r.pick([true, false]), exclusive: r.pick([true, false]) },
  ],
})

const softmaxLine = (line: Float64Array): Float64Array => {
  const top = Math.max(...line)
  const weights = line.map((v) => Math.exp(v - top))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / total)
}
const axisArgs =
  (name: string) =>
  (x: Tensor, axis = -1) => ({ inputs: [x], attrs: { axis: wrapAxis(name, x, axis) } })

const floatShape =
  (name: string) =>
  ([x]: readonly Tensor[]) => {
    assertFloat(name, [x])
    return { shape: x.shape, dtype: x.dtype }
  }

/** exp(x) / sum exp(x) along an axis. */
export const softmax: Op<{ axis: number }, [x: Tensor, axis?: number]> = op({
  name: 'softmax',
  args: axisArgs('softmax'),
  shape: floatShape('softmax'),
  // dx = y (dy - sum(dy y))
  grad: (g, { out, attrs: { axis } }) => [mul(out, sub(g, sum(mul(g, out), axis, true)))],
  onnx: (emit, [x], { axis }) => emit.node('Softmax', [x], { axis }),
  reference: ([x], { axis }) => alongAxis(x, axis, softmaxLine),
  flops: ({ inputs: [x] }) => mulDim(5, product(x.shape)),
  sample: (r) => [r.tensor(r.shape(3)), r.pick([1, -1])],
})

/** x - log sum exp(x) along an axis. */
export const logSoftmax: Op<{ axis: number }, [x: Tensor, axis?: number]> = op({
  name: 'logSoftmax',
  args: axisArgs('logSoftmax'),
  shape: floatShape('logSoftmax'),
  // dx = dy - softmax(x) sum(dy)
  grad: (g, { inputs: [x], attrs: { axis } }) => [sub(g, mul(softmax(x, axis), sum(g, axis, true)))],
  onnx: (emit, [x], { axis }) => emit.node('LogSoftmax', [x], { axis }),
  reference: ([x], { axis }) => alongAxis(x, axis, (line) => softmaxLine(line).map(Math.log)),
  flops: ({ inputs: [x] }) => mulDim(5, product(x.shape)),
  sample: (r) => [r.tensor(r.shape(3)), r.pick([1, -1])],
})
