import { mulDim, product } from '../dims.ts'
import { eachIndex, ndarray, offsetOf, stridesOf } from '../ndarray.ts'
import {
  assertFloat,
  fixedDim,
  type GradContext,
  type Op,
  type OpDefinition,
  op,
  ShapeError,
  type Tensor,
} from '../tensor.ts'
import { div, mul } from './arithmetic.ts'
import { reshape, sum } from './broadcast.ts'
import {
  type Conv,
  conv2d,
  convTranspose2d,
  type Extent,
  type Padding,
  paddingOf,
  pairOf,
  singleChannel,
  windowCount,
} from './conv.ts'
import { pad } from './layout.ts'
import { cast, equal } from './logic.ts'
import { constant } from './sources.ts'

interface Pool {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: Conv['padding']
}
type PoolArgs = [x: Tensor, kernel: Extent, options?: { stride?: Extent; padding?: Padding }]
type PoolOp = Op<Pool, PoolArgs>

/** What the two poolings share: windows over the last two axes of [n, c, h, w]; the stride defaults to the kernel. */
function pooling(
  name: string,
  rules: Pick<OpDefinition<Pool>, 'grad' | 'onnx'> & { padding: number; reduce(window: readonly number[]): number },
): PoolOp {
  return op({
    name,
    args: (...[x, kernel, { stride = kernel, padding = 0 } = {}]: PoolArgs) => ({
      inputs: [x],
      attrs: { kernel: pairOf(kernel), stride: pairOf(stride), padding: paddingOf(padding) },
    }),
    shape: ([x], { kernel, stride, padding }) => {
      assertFloat(name, [x])
      if (x.shape.length !== 4) throw new ShapeError(name, 'needs [batch, channels, height, width]', [x])
      if (padding.some((p, at) => p >= kernel[at % 2]))
        throw new ShapeError(name, 'padding must be below the kernel', [x])
      const size = [0, 1].map((at) =>
        windowCount(x.shape[at + 2], padding[at] + padding[at + 2], kernel[at], stride[at]),
      )
      if (size.some((dim) => typeof dim === 'number' && dim < 1))
        throw new ShapeError(name, `a window of ${kernel} does not fit`, [x])
      return { shape: [...x.shape.slice(0, 2), ...size], dtype: x.dtype }
    },
    grad: rules.grad,
    onnx: rules.onnx,
    reference: ([x], { kernel, stride, padding }, _, shape) => {
      const [out, strides] = [ndarray(shape), stridesOf(x.shape)]
      eachIndex(shape, ([n, c, i, j], flat) => {
        const window: number[] = []
        eachIndex(kernel, ([k, l]) => {
          const [y, z] = [i * stride[0] + k - padding[0], j * stride[1] + l - padding[1]]
          const outside = y < 0 || z < 0 || y >= x.shape[2] || z >= x.shape[3]
          window.push(outside ? rules.padding : x.data[offsetOf(strides, [n, c, y, z])])
        })
        out.data[flat] = rules.reduce(window)
      })
      return out
    },
    flops: ({ shape, attrs }) => mulDim((attrs as Pool).kernel[0] * (attrs as Pool).kernel[1], product(shape)),
    sample: (r) => [
      r.tensor([2, 2, 6, 5], { distinct: true }),
      r.pick<Extent>([2, [3, 2]]),
      { stride: r.pick<Extent>([2, 1, [1, 2]]), padding: r.pick<Padding>([0, 1, [1, 0, 0, 1]]) },
    ],
  })
}

const onnxAttributes = ({ kernel, stride, padding }: Pool) => ({ kernel_shape: kernel, strides: stride, pads: padding })

/** Spreads [n * c, taps, oh, ow] back over images of the size of x by one kernel per tap. */
function spread(taps: Tensor, kernels: Tensor, x: Tensor, { kernel, stride, padding }: Pool): Tensor {
  const lost = (at: 0 | 1): number => {
    if (stride[at] === 1) return 0
    const size = fixedDim('pool', x, at + 2) + padding[at] + padding[at + 2]
    return size - (fixedDim('pool', taps, at + 2) - 1) * stride[at] - kernel[at]
  }
  return reshape(convTranspose2d(taps, kernels, { stride, padding, outputPadding: [lost(0), lost(1)] }), x.shape)
}

/** Kernels [kh * kw, 1, kh, kw] that each pick one element of a window. */
function pickers([kh, kw]: Pool['kernel']): Tensor {
  const count = kh * kw
  const values = new Float64Array(count * count)
  for (let at = 0; at < count; at++) values[at * (count + 1)] = 1
  return constant(values, [count, 1, kh, kw])
}

/** Lower than any float that occurs, and finite, so that 0 times it is 0. */
const LOWEST = -3e38

function maxPoolGradient(g: Tensor, { inputs: [x], attrs, out }: GradContext<Pool>): readonly Tensor[] {
  const [top, left, bottom, right] = attrs.padding
  const padded = pad(pad(singleChannel(x), 2, top, bottom, LOWEST), 3, left, right, LOWEST)
  const windows = conv2d(padded, pickers(attrs.kernel), { stride: attrs.stride })
  const hit = cast(equal(windows, singleChannel(out)), x.dtype)
  const share = mul(div(hit, sum(hit, 1, true)), singleChannel(g))
  return [spread(share, pickers(attrs.kernel), x, attrs)]
}

/** Largest value of each window; padding never wins. The gradient is shared by the elements that reach it. */
export const maxPool2d: PoolOp = pooling('maxPool2d', {
  padding: Number.NEGATIVE_INFINITY,
  reduce: (window) => Math.max(...window),
  grad: maxPoolGradient,
  onnx: (emit, [x], attrs) => emit.node('MaxPool', [x], onnxAttributes(attrs)),
})

/** Mean of each window, padding zeros included. */
export const avgPool2d: PoolOp = pooling('avgPool2d', {
  padding: 0,
  reduce: (window) => window.reduce((a, b) => a + b, 0) / window.length,
  // y = 1/k sum of a window  =>  dx spreads dy / k over the window
  grad: (g, { inputs: [x], attrs }) => {
    const count = attrs.kernel[0] * attrs.kernel[1]
    const even = constant(new Float64Array(count).fill(1 / count), [1, 1, ...attrs.kernel])
    return [spread(singleChannel(g), even, x, attrs)]
  },
  onnx: (emit, [x], attrs) => emit.node('AveragePool', [x], { ...onnxAttributes(attrs), count_include_pad: 1 }),
})
