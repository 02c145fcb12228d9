import { broadcastShapes, type Dim, divideDim, formatShape, product, type Shape } from '../dims.ts'
import { broadcastReader, eachIndex, fill, ndarray, offsetOf, stridesOf } from '../ndarray.ts'
import { assertNumeric, type Op, op, ShapeError, type Tensor, wrapAxis } from '../tensor.ts'

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, axis) => dim === b[axis])

/** The same elements in another shape; one dim may be -1. Sizes must agree, named dims included. */
export const reshape: Op<{ shape: Shape }, [x: Tensor, shape: Shape]> = op({
  name: 'reshape',
  args: (x: Tensor, shape: Shape) => ({ inputs: [x], attrs: { shape: inferDim(x, shape) } }),
  shape: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  // y = reshape(x)  =>  dx = reshape(dy)
  grad: (g, { inputs: [x] }) => [reshape(g, x.shape)],
  onnx: (emit, [x], { shape }, { inputs }) => {
    const short = shortTarget(inputs[0].shape, shape)
    // Computed sizes may be 0 at run time, where 0 has to mean 0.
    return short
      ? emit.node('Reshape', [x, emit.dims(short)])
      : emit.node('Reshape', [x, emit.dims(shape)], { allowzero: 1 })
  },
  reference: ([x], _, __, shape) => ({ data: x.data, shape }),
  flops: () => 0,
  sample: (r) => [
    r.tensor([2, 3, 4]),
    r.pick([
      [6, 4],
      [-1, 2],
      [2, 3, 1, 4],
    ]),
  ],
})

function inferDim(x: Tensor, shape: Shape): Shape {
  const unknown = shape.indexOf(-1)
  if (shape.some((dim, axis) => typeof dim === 'number' && dim < 0 && axis !== unknown))
    throw new ShapeError('reshape', `only one dim of ${formatShape(shape)} may be -1, none below`, [x])
  if (unknown < 0) {
    if (product(shape) !== product(x.shape))
      throw new ShapeError('reshape', `${product(x.shape)} elements do not fit ${formatShape(shape)}`, [x])
    return shape
  }
  const rest = product(shape.filter((_, axis) => axis !== unknown))
  const dim = divideDim(product(x.shape), rest)
  if (dim === undefined) throw new ShapeError('reshape', `cannot infer -1 in ${formatShape(shape)}`, [x])
  return shape.map((d, axis) => (axis === unknown ? dim : d))
}

/**
 * ONNX lets 0 copy a dim from the input and -1 be inferred: cheaper than computing sizes. Undefined where that would be
 * ambiguous; an inferred dim beside copied ones is (they may be 0).
 */
function shortTarget(from: Shape, to: Shape): Shape | undefined {
  const short: Dim[] = to.map((dim, axis) => (typeof dim === 'string' && dim === from[axis] ? 0 : dim))
  const named = short.flatMap((dim, axis) => (typeof dim === 'string' ? [axis] : []))
  if (named.length > 1 || to.includes(0) || (named.length === 1 && short.includes(0))) return undefined
  if (named.length === 1) short[named[0]] = -1
  return short
}

/** Stretches axes of size 1 (and adds leading axes) to `shape`. */
export const expand: Op<{ shape: Shape }, [x: Tensor, shape: Shape]> = op({
  name: 'expand',
  args: (x: Tensor, shape: Shape) => ({ inputs: [x], attrs: { shape } }),
  shape: ([x], { shape }) => {
    const out = broadcastShapes(x.shape, shape)
    if (!out || !sameShape(out, shape)) throw new ShapeError('expand', `does not stretch to ${formatShape(shape)}`, [x])
    return { shape, dtype: x.dtype }
  },
  // y_ij = x_i  =>  dx_i = sum_j dy_ij
  grad: (g, { inputs: [x] }) => [unbroadcast(g, x.shape)],
  onnx: (emit, [x], { shape }) => emit.node('Expand', [x, emit.dims(shape)]),
  reference: ([x], _, __, shape) => fill(shape, broadcastReader(x)),
  flops: () => 0,
  sample: (r) => {
    const [a, b, c] = r.shape(3)
    return [r.tensor(r.pick([[b, 1], [1], [], [1, b, c]])), [a, b, c]]
  },
})

const reducedShape = (x: Tensor, axes: readonly number[], keep: boolean): Shape =>
  keep ? x.shape.map((d, axis) => (axes.includes(axis) ? 1 : d)) : x.shape.filter((_, axis) => !axes.includes(axis))

/** @internal Arguments shared by all reductions: one axis, several, or all. */
export const reductionArgs =
  (name: string) =>
  (...[x, axes, keep = false]: ReductionArgs): { inputs: readonly Tensor[]; attrs: Reduction } => {
    const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === 'number' ? [axes] : axes
    const wrapped = list.map((axis) => wrapAxis(name, x, axis))
    if (new Set(wrapped).size < wrapped.length) throw new ShapeError(name, `axes [${list}] repeat`, [x])
    return { inputs: [x], attrs: { axes: wrapped, keep } }
  }
/** @internal */
export type ReductionArgs = [x: Tensor, axes?: number | readonly number[], keep?: boolean]
/** @internal */
export interface Reduction {
  readonly axes: readonly number[]
  readonly keep: boolean
}
/** @internal */
export const reductionShape = ([x]: readonly Tensor[], { axes, keep }: Reduction) => ({
  shape: reducedShape(x, axes, keep),
  dtype: x.dtype,
})

/** @internal The gradient of a reduction, given back its reduced axes as size 1. */
export const keepAxes = (g: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  reshape(g, reducedShape(x, axes, true))

/** Sum over axes (all when none are named). */
export const sum: Op<Reduction, ReductionArgs> = op({
  name: 'sum',
  args: reductionArgs('sum'),
  shape: ([x], attrs) => {
    assertNumeric('sum', [x])
    return reductionShape([x], attrs)
  },
  // y_i = sum_j x_ij  =>  dx_ij = dy_i
  grad: (g, { inputs: [x], attrs }) => [expand(keepAxes(g, x, attrs.axes), x.shape)],
  onnx: (emit, [x], { axes, keep }) =>
    emit.node('ReduceSum', [x, emit.dims(axes)], { keepdims: keep ? 1 : 0, noop_with_empty_axes: 1 }),
  reference: ([x], { axes }, _, shape) => {
    const kept = x.shape.map((d, axis) => (axes.includes(axis) ? 1 : d))
    const strides = stridesOf(kept).map((s, axis) => (axes.includes(axis) ? 0 : s))
    const out = ndarray(shape)
    eachIndex(x.shape, (index, flat) => {
      out.data[offsetOf(strides, index)] += x.data[flat]
    })
    return out
  },
  flops: ({ inputs: [x] }) => product(x.shape),
  sample: (r) => [r.tensor(r.shape(3)), r.pick([[1], [0, 2], [-1], undefined]), r.pick([true, false])],
})

/** Sums a gradient over the axes that broadcasting stretched. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g
  const lead = g.shape.length - shape.length
  const axes = g.shape.flatMap((dim, axis) => (axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : []))
  const summed = axes.length ? sum(g, axes, true) : g
  return sameShape(summed.shape, shape) ? summed : reshape(summed, shape)
}
