import { addDim, type Dim, type Shape, subDim } from '../dims.ts'
import { eachIndex, fill, ndarray, offsetOf, stridesOf } from '../ndarray.ts'
import { type Op, op, ShapeError, type Tensor, wrapAxis } from '../tensor.ts'

/** Reorders axes; without an order, swaps the last two. */
export const transpose: Op<{ order: readonly number[] }, [x: Tensor, order?: readonly number[]]> = op({
  name: 'transpose',
  args: (x: Tensor, order?: readonly number[]) => {
    const rank = x.shape.length
    if (!order && rank < 2) throw new ShapeError('transpose', 'has no two axes to swap', [x])
    const axes = order ?? [...Array(rank - 2).keys(), rank - 1, rank - 2]
    if ([...axes].sort((a, b) => a - b).some((axis, at) => axis !== at) || axes.length !== rank)
      throw new ShapeError('transpose', `[${axes}] is not an order of its axes`, [x])
    return { inputs: [x], attrs: { order: axes } }
  },
  shape: ([x], { order }) => ({ shape: order.map((axis) => x.shape[axis]), dtype: x.dtype }),
  // The inverse order takes the gradient back.
  grad: (g, { attrs: { order } }) => [
    transpose(
      g,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  onnx: (emit, [x], { order }) => emit.node('Transpose', [x], { perm: order }),
  reference: ([x], { order }, _, shape) => {
    const strides = order.map((axis) => stridesOf(x.shape)[axis])
    return fill(shape, (index) => x.data[offsetOf(strides, index)])
  },
  flops: () => 0,
  sample: (r) => [r.tensor(r.shape(3)), r.pick([undefined, [2, 0, 1], [1, 0, 2]])],
})

/** Joins tensors along an axis. */
export const concat: Op<{ axis: number }, [parts: readonly Tensor[], axis: number]> = op({
  name: 'concat',
  args: (parts: readonly Tensor[], axis: number) => {
    if (parts.length === 0) throw new ShapeError('concat', 'needs at least one part', [])
    return { inputs: parts, attrs: { axis: wrapAxis('concat', parts[0], axis) } }
  },
  shape: (parts, { axis }) => {
    const [first] = parts
    const fits = (t: Tensor) =>
      t.dtype === first.dtype &&
      t.shape.length === first.shape.length &&
      t.shape.every((d, at) => at === axis || d === first.shape[at])
    if (!parts.every(fits)) throw new ShapeError('concat', `all dims but axis ${axis} must agree`, parts)
    const length = parts.reduce<Dim>((total, t) => addDim(total, t.shape[axis]), 0)
    return { shape: first.shape.map((d, at) => (at === axis ? length : d)), dtype: first.dtype }
  },
  // Each part takes its own range of the gradient.
  grad: (g, { inputs, attrs: { axis } }) => {
    let start: Dim = 0
    return inputs.map((part) => {
      const end: Dim = addDim(start, part.shape[axis])
      const piece = slice(g, axis, start, end)
      start = end
      return piece
    })
  },
  onnx: (emit, parts, { axis }) => (parts.length === 1 ? parts[0] : emit.node('Concat', parts, { axis })),
  reference: (parts, { axis }, _, shape) => {
    const strides = stridesOf(shape)
    const out = ndarray(shape)
    let start = 0
    for (const part of parts) {
      eachIndex(part.shape, (index, flat) => {
        out.data[offsetOf(strides, index) + start * strides[axis]] = part.data[flat]
      })
      start += part.shape[axis]
    }
    return out
  },
  flops: () => 0,
  sample: (r) => {
    const [a, b, c] = r.shape(3)
    return [Array.from({ length: r.int(1, 3) }, () => r.tensor([a, r.int(1, 3), b, c])), r.pick([1, -3])]
  },
})

/** The range [start, end) of an axis; negative numbers count from the end, `end` defaults to the end. */
export const slice: Op<{ axis: number; start: Dim; end: Dim }, [x: Tensor, axis: number, start: Dim, end?: Dim]> = op({
  name: 'slice',
  args: (x: Tensor, axis: number, start: Dim, end?: Dim) => {
    const at = wrapAxis('slice', x, axis)
    const wrap = (dim: Dim) => (typeof dim === 'number' && dim < 0 ? addDim(x.shape[at], dim) : dim)
    return { inputs: [x], attrs: { axis: at, start: wrap(start), end: wrap(end ?? x.shape[at]) } }
  },
  shape: ([x], { axis, start, end }) => {
    const [length, size] = [subDim(end, start), x.shape[axis]]
    const beyond = subDim(size, end)
    const outside = [start, length, beyond].some((dim) => typeof dim === 'number' && dim < 0)
    if (outside) throw new ShapeError('slice', `[${start}, ${end}) is not a range of axis ${axis}`, [x])
    return { shape: x.shape.map((d, at) => (at === axis ? length : d)), dtype: x.dtype }
  },
  // dx is dy with zeros around it.
  grad: (g, { inputs: [x], attrs: { axis, start, end } }) => [pad(g, axis, start, subDim(x.shape[axis], end))],
  onnx: (emit, [x], { axis, start, end }) => emit.node('Slice', [x, emit.dim(start), emit.dim(end), emit.dim(axis)]),
  reference: ([x], { axis, start }, _, shape, size) => {
    const strides = stridesOf(x.shape)
    const skip = size(start) * strides[axis]
    return fill(shape, (index) => x.data[offsetOf(strides, index) + skip])
  },
  flops: () => 0,
  sample: (r) => [r.tensor([2, 5, 3]), 1, r.pick([0, 1, -3]), r.pick([3, 5, -1])],
})

/** Zeros (or `value`) before and after along one axis. */
export const pad: Op<
  { axis: number; before: Dim; after: Dim; value: number },
  [x: Tensor, axis: number, before: Dim, after: Dim, value?: number]
> = op({
  name: 'pad',
  args: (x: Tensor, axis: number, before: Dim, after: Dim, value = 0) => ({
    inputs: [x],
    attrs: { axis: wrapAxis('pad', x, axis), before, after, value },
  }),
  shape: ([x], { axis, before, after }) => {
    if ([before, after].some((dim) => typeof dim === 'number' && dim < 0))
      throw new ShapeError('pad', `cannot add ${before} before and ${after} after; slice removes`, [x])
    return { shape: x.shape.map((d, at) => (at === axis ? addDim(addDim(before, d), after) : d)), dtype: x.dtype }
  },
  grad: (g, { inputs: [x], attrs: { axis, before } }) => [slice(g, axis, before, addDim(before, x.shape[axis]))],
  // Pads of all axes, not the shorter form with an axes input: ONNX Runtime's transpose optimizer misreads that one.
  onnx: (emit, [x], { axis, before, after, value }, { dtype, shape }) => {
    const along = (amount: Dim) => shape.map((_, at) => (at === axis ? amount : 0))
    return emit.node('Pad', [x, emit.dims([...along(before), ...along(after)]), emit.constant(dtype, [], [value])])
  },
  reference: ([x], { axis, before, value }, _, shape, size) => {
    const strides = stridesOf(x.shape)
    const lead = size(before)
    return fill(shape, (index) => {
      const at = index[axis] - lead
      if (at < 0 || at >= x.shape[axis]) return value
      return x.data[offsetOf(strides, index) - lead * strides[axis]]
    })
  },
  flops: () => 0,
  sample: (r) => [r.tensor(r.shape(2)), r.pick([0, 1]), r.int(0, 2), r.int(0, 2)],
})

/** Splits an axis into parts of the given sizes. */
export function split(x: Tensor, axis: number, sizes: Shape): Tensor[] {
  let start: Dim = 0
  return sizes.map((size) => {
    const end = addDim(start, size)
    const part = slice(x, axis, start, end)
    start = end
    return part
  })
}
