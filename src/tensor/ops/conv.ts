import { addDim, type Dim, divideDim, mulDim, product, type Shape, scaleDim } from '../dims.ts'
import { eachIndex, type NdArray, ndarray, offsetOf, stridesOf } from '../ndarray.ts'
import { assertFloat, fixedDim, type Op, op, ShapeError, type Signature, type Tensor } from '../tensor.ts'
import { reshape, sum } from './broadcast.ts'
import { slice, transpose } from './layout.ts'

type Pair = readonly [number, number]
/** One number for both axes, or [height, width]. */
export type Extent = number | Pair
/** One number, [height, width], or [top, left, bottom, right]. */
export type Padding = Extent | readonly [number, number, number, number]

export interface ConvOptions {
  readonly stride?: Extent
  readonly padding?: Padding
  readonly dilation?: Extent
  readonly groups?: number
  /** [out channels]. */
  readonly bias?: Tensor
}
/** @internal */
export interface Conv {
  readonly stride: Pair
  readonly padding: readonly [number, number, number, number]
  readonly dilation: Pair
  readonly groups: number
}
/** @internal */
export interface ConvTranspose extends Conv {
  readonly outputPadding: Pair
}

/** @internal */
export const pairOf = (extent: Extent): Pair => (typeof extent === 'number' ? [extent, extent] : extent)
/** @internal */
export const paddingOf = (padding: Padding): Conv['padding'] => {
  if (typeof padding === 'number') return [padding, padding, padding, padding]
  const [top, left, bottom = top, right = left] = padding
  return [top, left, bottom, right]
}
const convOf = ({ stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions): Conv => ({
  stride: pairOf(stride),
  padding: paddingOf(padding),
  dilation: pairOf(dilation),
  groups,
})
const onnxAttributes = ({ stride, padding, dilation, groups }: Conv) => ({
  strides: stride,
  pads: padding,
  dilations: dilation,
  group: groups,
})

/** @internal How many windows of `span` fit into a padded axis: floor((size + padding - span) / stride) + 1. */
export function windowCount(size: Dim, padding: number, span: number, stride: number): Dim {
  const room = addDim(size, padding - span)
  if (typeof room === 'number') return Math.floor(room / stride) + 1
  // The hair above 1 / stride keeps floor right where 1 / stride rounded down.
  return addDim(divideDim(room, stride) ?? scaleDim(room, (1 + 2 ** -40) / stride, 'floor'), 1)
}

const spanOf = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1

function assertImage(name: string, operands: readonly Signature[]): void {
  assertFloat(name, operands)
  if (operands[0].shape.length !== 4 || operands[1].shape.length !== 4)
    throw new ShapeError(name, 'needs [batch, channels, height, width] and a rank-4 kernel', operands)
}

/**
 * Cross-correlation of x [n, c, h, w] with kernels [out, c / groups, kh, kw], as PyTorch's conv2d; depthwise when
 * groups = c.
 */
export const conv2d: Op<Conv, [x: Tensor, kernel: Tensor, options?: ConvOptions]> = op({
  name: 'conv2d',
  args: (x: Tensor, kernel: Tensor, options: ConvOptions = {}) => ({
    inputs: options.bias ? [x, kernel, options.bias] : [x, kernel],
    attrs: convOf(options),
  }),
  shape: (inputs, { stride, padding, dilation, groups }) => {
    const [x, kernel, bias] = inputs
    assertImage('conv2d', inputs)
    const [out, channels] = kernel.shape
    if (x.shape[1] !== mulDim(channels, groups) || divideDim(out, groups) === undefined)
      throw new ShapeError('conv2d', `channels do not fit the kernel in ${groups} groups`, inputs)
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== out))
      throw new ShapeError('conv2d', `the bias must be [${out}]`, inputs)
    const size = ([0, 1] as const).map((at) => {
      const span = spanOf(fixedDim('conv2d', kernel, at + 2), dilation[at])
      return windowCount(x.shape[at + 2], padding[at] + padding[at + 2], span, stride[at])
    })
    if (size.some((dim) => typeof dim === 'number' && dim < 1))
      throw new ShapeError('conv2d', 'the kernel is larger than the padded image', inputs)
    return { shape: [x.shape[0], out, ...size], dtype: x.dtype }
  },
  // y_i = sum_k w_k x_(s i + d k - p): dx spreads dy by the kernel, dw correlates x with dy, db sums dy
  grad: (g, { inputs: [x, kernel, bias], attrs }) => [
    convTranspose2d(g, kernel, { ...attrs, outputPadding: rowsLost(x, g, kernel, attrs) }),
    kernelGradient(x, g, kernel, attrs),
    ...(bias ? [sum(g, [0, 2, 3])] : []),
  ],
  onnx: (emit, inputs, attrs) => emit.node('Conv', inputs, onnxAttributes(attrs)),
  reference: ([x, kernel, bias], attrs, _, shape) => {
    const out = ndarray(shape)
    if (bias) fillBias(out, bias)
    eachTap(out, x, kernel, attrs, (to, from, weight) => {
      out.data[to] += x.data[from] * kernel.data[weight]
    })
    return out
  },
  flops: ({ shape, inputs: [, kernel] }) => mulDim(2, mulDim(product(shape), product(kernel.shape.slice(1)))),
  sample: (r) => {
    const groups = r.pick([1, 2, 4])
    const options = { stride: r.pick<Extent>([1, 2, [2, 1]]), padding: r.pick<Padding>([0, 1, [1, 0, 2, 1]]) }
    const dilation = r.pick<Extent>([1, [1, 2]])
    const bias = r.pick([true, false]) ? { bias: r.tensor([4]) } : {}
    return [r.tensor([2, 4, 6, 7]), r.tensor([4, 4 / groups, 3, 2]), { ...options, dilation, groups, ...bias }]
  },
})

/** The transpose of conv2d: x [n, c, h, w], kernels [c, out / groups, kh, kw], as PyTorch's conv_transpose2d. */
export const convTranspose2d: Op<
  ConvTranspose,
  [x: Tensor, kernel: Tensor, options?: ConvOptions & { outputPadding?: Extent }]
> = op({
  name: 'convTranspose2d',
  args: (x: Tensor, kernel: Tensor, options: ConvOptions & { outputPadding?: Extent } = {}) => ({
    inputs: options.bias ? [x, kernel, options.bias] : [x, kernel],
    attrs: { ...convOf(options), outputPadding: pairOf(options.outputPadding ?? 0) },
  }),
  shape: (inputs, { stride, padding, dilation, groups, outputPadding }) => {
    const [x, kernel, bias] = inputs
    assertImage('convTranspose2d', inputs)
    const out = mulDim(kernel.shape[1], groups)
    if (x.shape[1] !== kernel.shape[0] || divideDim(kernel.shape[0], groups) === undefined)
      throw new ShapeError('convTranspose2d', `channels do not fit the kernel in ${groups} groups`, inputs)
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== out))
      throw new ShapeError('convTranspose2d', `the bias must be [${out}]`, inputs)
    const size = ([0, 1] as const).map((at) => {
      const span = spanOf(fixedDim('convTranspose2d', kernel, at + 2), dilation[at])
      const extra = span - stride[at] - padding[at] - padding[at + 2] + outputPadding[at]
      return addDim(mulDim(x.shape[at + 2], stride[at]), extra)
    })
    return { shape: [x.shape[0], out, ...size], dtype: x.dtype }
  },
  // The transpose of the transpose is the convolution; x and dy change places in the kernel's gradient.
  grad: (g, { inputs: [x, kernel, bias], attrs }) => [
    conv2d(g, kernel, attrs),
    kernelGradient(g, x, kernel, attrs),
    ...(bias ? [sum(g, [0, 2, 3])] : []),
  ],
  onnx: (emit, inputs, attrs) =>
    emit.node('ConvTranspose', inputs, { ...onnxAttributes(attrs), output_padding: attrs.outputPadding }),
  reference: ([x, kernel, bias], attrs, _, shape) => {
    const out = ndarray(shape)
    if (bias) fillBias(out, bias)
    eachTap(x, out, kernel, attrs, (from, to, weight) => {
      out.data[to] += x.data[from] * kernel.data[weight]
    })
    return out
  },
  flops: ({ inputs: [x, kernel] }) => mulDim(2, mulDim(product(x.shape), product(kernel.shape.slice(1)))),
  sample: (r) => {
    const groups = r.pick([1, 2])
    const options = {
      stride: r.pick<Extent>([2, [2, 3]]),
      padding: r.pick<Padding>([0, 1]),
      outputPadding: r.int(0, 1),
    }
    const bias = r.pick([true, false]) ? { bias: r.tensor([2 * groups]) } : {}
    return [r.tensor([2, 4, 3, 4]), r.tensor([4, 2, 3, 2]), { ...options, groups, ...bias }]
  },
})

/** Rows and columns of the image that no window reached: what the transpose must add to give back its size. */
function rowsLost(x: Tensor, g: Tensor, kernel: Tensor, { stride, padding, dilation }: Conv): Pair {
  const lost = (at: 0 | 1): number => {
    if (stride[at] === 1) return 0
    const reached =
      (fixedDim('conv2d', g, at + 2) - 1) * stride[at] + spanOf(Number(kernel.shape[at + 2]), dilation[at])
    return fixedDim('conv2d', x, at + 2) + padding[at] + padding[at + 2] - reached
  }
  return [lost(0), lost(1)]
}

/** dw_(o c k) = sum_(n i) x_(n c, s i + d k - p) dy_(n o i): a convolution whose channels are the batch. */
function kernelGradient(x: Tensor, g: Tensor, kernel: Tensor, { stride, padding, dilation, groups }: Conv): Tensor {
  const [n, channels, h, w] = x.shape
  const each = divideDim(channels, groups)!
  const swapped = transpose(reshape(x, [n, groups, each, h, w]), [2, 1, 0, 3, 4])
  const images = reshape(swapped, [each, mulDim(groups, n), h, w])
  const kernels = transpose(g, [1, 0, 2, 3])
  const full = conv2d(images, kernels, { stride: dilation, dilation: stride, padding, groups })
  const cut = slice(slice(full, 2, 0, kernel.shape[2]), 3, 0, kernel.shape[3])
  return transpose(cut, [1, 0, 2, 3])
}

/** Every channel begins at its bias. */
function fillBias({ shape, data }: NdArray, bias: NdArray): void {
  const inner = shape[2] * shape[3]
  for (let at = 0; at < data.length; at++) data[at] = bias.data[Math.floor(at / inner) % shape[1]]
}

/** Visits all (small element, large element, kernel element) that a convolution from large to small connects. */
function eachTap(
  small: NdArray,
  large: NdArray,
  kernel: NdArray,
  { stride, padding, dilation, groups }: Conv,
  visit: (small: number, large: number, weight: number) => void,
): void {
  const [each, kh, kw] = kernel.shape.slice(1)
  const perGroup = kernel.shape[0] / groups
  const [strides, weights] = [stridesOf(large.shape), stridesOf(kernel.shape)]
  eachIndex(small.shape, ([n, o, i, j], flat) => {
    const first = Math.floor(o / perGroup) * each
    eachIndex([each, kh, kw], ([c, k, l]) => {
      const y = i * stride[0] + k * dilation[0] - padding[0]
      const x = j * stride[1] + l * dilation[1] - padding[1]
      if (y < 0 || x < 0 || y >= large.shape[2] || x >= large.shape[3]) return
      visit(flat, offsetOf(strides, [n, first + c, y, x]), offsetOf(weights, [o, c, k, l]))
    })
  })
}

/** @internal An image of the given batch and channels seen as single-channel images, [n * c, 1, h, w]. */
export const singleChannel = (x: Tensor): Tensor => {
  const [n, c, h, w]: Shape = x.shape
  return reshape(x, [mulDim(n, c), 1, h, w])
}
