import { type Dim, formatShape, mulDim, product, type Shape, subDim } from '../dims.ts'
import { alongAxis, eachIndex, fill, ndarray, offsetOf, stridesOf } from '../ndarray.ts'
import { assertNumeric, type DType, fixedDim, type Op, op, ShapeError, type Tensor, wrapAxis } from '../tensor.ts'
import { expand, reshape } from './broadcast.ts'
import { concat, slice, transpose } from './layout.ts'
import { matmul } from './matmul.ts'

const assertIndices = (name: string, indices: Tensor, operands: readonly Tensor[]): void => {
  if (indices.dtype !== 'i64' && indices.dtype !== 'i32')
    throw new ShapeError(name, 'indices must be integers', operands)
}

/**
 * Rows of `x` along an axis: y[..., i, ...] = x[..., indices[i], ...]; the indices' shape replaces the axis. An index below 0
 * counts from the end.
 */
export const gather: Op<{ axis: number }, [x: Tensor, indices: Tensor, axis?: number]> = op({
  name: 'gather',
  args: (x: Tensor, indices: Tensor, axis = 0) => ({
    inputs: [x, indices],
    attrs: { axis: wrapAxis('gather', x, axis) },
  }),
  shape: ([x, indices], { axis }) => {
    assertIndices('gather', indices, [x, indices])
    return { shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype }
  },
  // dx_i = sum of dy over the uses of row i
  grad: (g, { inputs: [x, indices], attrs: { axis } }) => {
    const order = [axis, ...x.shape.map((_, at) => at).filter((at) => at !== axis)]
    const lead = indices.shape.map((_, at) => axis + at)
    const rest = g.shape.map((_, at) => at).filter((at) => !lead.includes(at))
    const width = product(rest.map((at) => g.shape[at]))
    const rows = reshape(transpose(g, [...lead, ...rest]), [product(indices.shape), width])
    const summed = reshape(
      sumByIndex(rows, reshape(indices, [product(indices.shape)]), x.shape[axis]),
      order.map((at) => x.shape[at]),
    )
    return [
      transpose(
        summed,
        x.shape.map((_, at) => order.indexOf(at)),
      ),
      null,
    ]
  },
  onnx: (emit, [x, indices], { axis }) => emit.node('Gather', [x, indices], { axis }),
  reference: ([x, indices], { axis }, _, shape) => {
    const [strides, own] = [stridesOf(x.shape), stridesOf(indices.shape)]
    const rank = indices.shape.length
    return fill(shape, (index) => {
      const row = Number(indices.data[offsetOf(own, index.slice(axis, axis + rank))])
      const at = row < 0 ? row + x.shape[axis] : row
      return x.data[offsetOf(strides, [...index.slice(0, axis), at, ...index.slice(axis + rank)])]
    })
  },
  flops: () => 0,
  sample: (r) => [
    r.tensor([4, 3, r.pick([5, 300])]),
    r.tensor([2, 3], { low: 0, high: 2, dtype: 'i64' }),
    r.pick([0, 1, 2]),
  ],
})

/** Up to this many rows, a product with a one-hot matrix is faster than a scatter (measured at 5120 indices). */
const ONE_HOT_LIMIT = 256

/** [n, width] whose row i is the sum of the rows [count, width] that have index i. */
function sumByIndex(rows: Tensor, indices: Tensor, n: Dim): Tensor {
  if (typeof n === 'number' && n <= ONE_HOT_LIMIT) return matmul(transpose(oneHot(indices, n, rows.dtype)), rows)
  const [count, width] = rows.shape
  return scatterAdd([n, width], expand(reshape(indices, [count, 1]), [count, width]), rows, 0)
}

/** 1 at the index, 0 elsewhere, along a new last axis of `depth`. */
export const oneHot: Op<{ depth: number; dtype: DType }, [indices: Tensor, depth: number, dtype?: DType]> = op({
  name: 'oneHot',
  args: (indices: Tensor, depth: number, dtype: DType = 'f32') => ({ inputs: [indices], attrs: { depth, dtype } }),
  shape: ([indices], { depth, dtype }) => {
    assertIndices('oneHot', indices, [indices])
    return { shape: [...indices.shape, depth], dtype }
  },
  onnx: (emit, [indices], { depth, dtype }) =>
    emit.node('OneHot', [indices, emit.constant('i64', [1], [depth]), emit.constant(dtype, [2], [0, 1])], { axis: -1 }),
  reference: ([indices], _, __, shape) =>
    fill(shape, (index) =>
      Number(indices.data[offsetOf(stridesOf(indices.shape), index.slice(0, -1))] === index.at(-1)),
    ),
  flops: () => 0,
  sample: (r) => [r.tensor([2, 3], { low: 0, high: 3, dtype: 'i64' }), 4, r.pick<DType>(['f32', 'i64'])],
})

const sameRank = (name: string, operands: readonly Tensor[]): void => {
  if (operands.some((t) => t.shape.length !== operands[0].shape.length))
    throw new ShapeError(name, 'all operands must have the same rank', operands)
}

/** Element-wise picks along an axis: y[i, j] = x[i, indices[i, j]] (ONNX GatherElements). */
export const takeAlong: Op<{ axis: number }, [x: Tensor, indices: Tensor, axis?: number]> = op({
  name: 'takeAlong',
  args: (x: Tensor, indices: Tensor, axis = -1) => ({
    inputs: [x, indices],
    attrs: { axis: wrapAxis('takeAlong', x, axis) },
  }),
  shape: ([x, indices], { axis }) => {
    assertIndices('takeAlong', indices, [x, indices])
    sameRank('takeAlong', [x, indices])
    if (indices.shape.some((dim, at) => at !== axis && dim !== x.shape[at]))
      throw new ShapeError('takeAlong', `all dims but axis ${axis} must agree`, [x, indices])
    return { shape: indices.shape, dtype: x.dtype }
  },
  // Every pick hands its gradient back to where it was taken from.
  grad: (g, { inputs: [x, indices], attrs: { axis } }) => [scatterAdd(x.shape, indices, g, axis), null],
  onnx: (emit, [x, indices], { axis }) => emit.node('GatherElements', [x, indices], { axis }),
  reference: ([x, indices], { axis }, _, shape) => {
    const [strides, own] = [stridesOf(x.shape), stridesOf(indices.shape)]
    return fill(shape, (index) => {
      const from = [...index]
      from[axis] = indices.data[offsetOf(own, index)]
      return x.data[offsetOf(strides, from)]
    })
  },
  flops: () => 0,
  sample: (r) => [r.tensor([3, 4]), r.tensor([3, 2], { low: 0, high: 3, dtype: 'i64' }), 1],
})

/** Zeros of `shape`, plus each update at its index along an axis; equal indices add up. */
export const scatterAdd: Op<
  { shape: Shape; axis: number },
  [shape: Shape, indices: Tensor, updates: Tensor, axis?: number]
> = op({
  name: 'scatterAdd',
  args: (shape: Shape, indices: Tensor, updates: Tensor, axis = -1) => ({
    inputs: [indices, updates],
    attrs: { shape, axis: wrapAxis('scatterAdd', updates, axis) },
  }),
  shape: ([indices, updates], { shape, axis }) => {
    assertIndices('scatterAdd', indices, [indices, updates])
    assertNumeric('scatterAdd', [updates])
    const fits = (dim: Dim, at: number) => dim === updates.shape[at] && (at === axis || dim === shape[at])
    if (shape.length !== updates.shape.length || indices.shape.length !== shape.length || !indices.shape.every(fits))
      throw new ShapeError('scatterAdd', `do not fit ${formatShape(shape)} along axis ${axis}`, [indices, updates])
    return { shape, dtype: updates.dtype }
  },
  grad: (g, { inputs: [indices], attrs: { axis } }) => [null, takeAlong(g, indices, axis)],
  onnx: (emit, [indices, updates], { shape, axis }, { dtype }) => {
    const zeros = emit.node('Expand', [emit.constant(dtype, [], [0]), emit.dims(shape)])
    return emit.node('ScatterElements', [zeros, indices, updates], { axis, reduction: 'add' })
  },
  reference: ([indices, updates], { axis }, _, shape) => {
    const [strides, out] = [stridesOf(shape), ndarray(shape)]
    eachIndex(indices.shape, (index, flat) => {
      const to = [...index]
      to[axis] = indices.data[flat]
      out.data[offsetOf(strides, to)] += updates.data[flat]
    })
    return out
  },
  flops: ({ inputs: [, updates] }) => product(updates.shape),
  sample: (r) => [[3, 4], r.tensor([3, 5], { low: 0, high: 3, dtype: 'i64' }), r.tensor([3, 5]), 1],
})

/** Indices (i64) of the k largest of the last axis, largest first; ties to the lower index. `k` may be a named dim. */
export const topK: Op<{ k: Dim; largest: boolean }, [x: Tensor, k: Dim, options?: { largest?: boolean }]> = op({
  name: 'topK',
  args: (x: Tensor, k: Dim, options: { largest?: boolean } = {}) => ({
    inputs: [x],
    attrs: { k, largest: options.largest ?? true },
  }),
  shape: ([x], { k }) => {
    wrapAxis('topK', x, -1)
    assertNumeric('topK', [x])
    const spare = subDim(x.shape.at(-1)!, k)
    if ((typeof spare === 'number' && spare < 0) || (typeof k === 'number' && k < 0))
      throw new ShapeError('topK', `k = ${k} of ${x.shape.at(-1)}`, [x])
    return { shape: [...x.shape.slice(0, -1), k], dtype: 'i64' }
  },
  onnx: (emit, [x], { k, largest }, { shape }) => {
    const attributes = { axis: -1, largest: Number(largest), sorted: 1 }
    const lines = product(shape.slice(0, -1))
    if (typeof lines === 'number') return emit.nodes('TopK', [x, emit.dim(k)], [true, true], attributes)[1]
    // ONNX Runtime 1.30 divides by the number of lines: without any, it ends the process unless k is 0.
    const any = emit.node('Min', [emit.dim(lines), emit.dim(1)])
    const [, found] = emit.nodes('TopK', [x, emit.node('Mul', [emit.dim(k), any])], [true, true], attributes)
    return emit.node('Reshape', [found, emit.dims(shape)], { allowzero: 1 })
  },
  reference: ([x], { largest }, _, shape) =>
    alongAxis(x, x.shape.length - 1, (line) =>
      [...line.keys()]
        .sort((a, b) => (largest ? line[b] - line[a] : line[a] - line[b]) || a - b)
        .slice(0, shape.at(-1)),
    ),
  flops: ({ inputs: [x] }) => mulDim(product(x.shape), 10),
  sample: (r) => [r.tensor([3, 6], { distinct: true }), r.pick([1, 3, 6]), { largest: r.pick([true, false]) }],
})

/** Integer indices in ascending order along the last axis (the raster order of kept tokens). */
export function sortAscending(indices: Tensor): Tensor {
  const order = topK(indices, indices.shape.at(-1)!, { largest: false })
  return takeAlong(indices, order)
}

/** 0, 1, ..., n - 1 as i64 [n]; n may be named. */
export const arange: Op<{ n: Dim }, [n: Dim]> = op({
  name: 'arange',
  args: (n: Dim) => ({ inputs: [], attrs: { n } }),
  shape: (_, { n }) => ({ shape: [n], dtype: 'i64' }),
  onnx: (emit, _, { n }) => {
    const end = emit.node('Reshape', [emit.dim(n), emit.constant('i64', [0], [])])
    return emit.node('Range', [emit.constant('i64', [], [0]), end, emit.constant('i64', [], [1])])
  },
  reference: (_, __, ___, shape) => fill(shape, ([i]) => i),
  flops: () => 0,
  sample: (r) => [r.int(1, 6)],
})

/** Reverses an axis of fixed size. */
export function flip(x: Tensor, axis: number): Tensor {
  const n = fixedDim('flip', x, axis)
  return concat(
    Array.from({ length: n }, (_, i) => slice(x, axis, n - 1 - i, n - i)),
    axis,
  )
}
