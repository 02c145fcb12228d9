import { product, type Shape } from '../dims.ts'
import type { Emitter } from '../emitter.ts'
import { type NdArray, sizeOf, stridesOf } from '../ndarray.ts'
import { assertNumeric, type Op, op, ShapeError, type Tensor } from '../tensor.ts'
import { expand } from './broadcast.ts'
import { constant } from './sources.ts'

const zeros = (like: Tensor): Tensor => expand(constant([0], [], like.dtype), like.shape)

function assertTuples(name: string, operands: readonly Tensor[], indices: Tensor): number {
  const depth = indices.shape.at(-1)
  if (indices.dtype !== 'i64') throw new ShapeError(name, 'indices must be i64', operands)
  if (typeof depth !== 'number' || depth < 1 || depth > operands[0].shape.length)
    throw new ShapeError(name, `tuples of ${depth} do not index a rank-${operands[0].shape.length} tensor`, operands)
  return depth
}

/** Where the block that each tuple of indices points at begins, and how long a block is. */
function blocks(x: NdArray, indices: NdArray): { starts: number[]; length: number } {
  const depth = indices.shape.at(-1)!
  const strides = stridesOf(x.shape)
  const starts = Array.from({ length: indices.data.length / depth }, (_, row) => {
    let start = 0
    for (let at = 0; at < depth; at++) start += indices.data[row * depth + at] * strides[at]
    return start
  })
  return { starts, length: sizeOf(x.shape.slice(depth)) }
}

/** Blocks at tuples of indices: y[i, ...] = x[indices[i, 0], ..., indices[i, k - 1], ...]. */
export const gatherNd: Op<object, [x: Tensor, indices: Tensor]> = op({
  name: 'gatherNd',
  args: (x: Tensor, indices: Tensor) => ({ inputs: [x, indices], attrs: {} }),
  shape: ([x, indices]) => {
    const depth = assertTuples('gatherNd', [x, indices], indices)
    return { shape: [...indices.shape.slice(0, -1), ...x.shape.slice(depth)], dtype: x.dtype }
  },
  // Every block hands its gradient back to where it was taken from.
  grad: (g, { inputs: [x, indices] }) => [scatterNd(zeros(x), indices, g, 'add'), null],
  onnx: (emit, inputs) => emit.node('GatherND', inputs),
  reference: ([x, indices], _, __, shape) => {
    const { starts, length } = blocks(x, indices)
    const data = new Float64Array(sizeOf(shape))
    starts.forEach((start, row) => {
      data.set(x.data.subarray(start, start + length), row * length)
    })
    return { shape, data }
  },
  flops: () => 0,
  sample: (r) => [r.tensor([3, 4, 2]), r.tensor([5, r.pick([1, 2])], { low: 0, high: 2, dtype: 'i64' })],
})

/**
 * Addition as ScatterElements over rows: ONNX Runtime 1.30 adds in parallel in ScatterND, without atomics, and loses
 * updates where tuples repeat.
 */
function addBlocks(emit: Emitter, [x, indices, updates]: readonly string[], { shape, inputs }: Tensor): string {
  const tuples = inputs[1].shape
  const depth = Number(tuples.at(-1))
  const strides = shape.slice(0, depth).map((_, axis) => product(shape.slice(axis + 1, depth)))
  const [rows, block] = [product(shape.slice(0, depth)), product(shape.slice(depth))]
  const count = product(tuples.slice(0, -1))
  const as = (value: string, dims: Shape) => emit.node('Reshape', [value, emit.dims(dims)], { allowzero: 1 })
  const axis = emit.dims([tuples.length - 1])
  const flat = emit.node('ReduceSum', [emit.node('Mul', [indices, emit.dims(strides)]), axis], { keepdims: 0 })
  const everywhere = emit.node('Expand', [as(flat, [count, 1]), emit.dims([count, block])])
  const operands = [as(x, [rows, block]), everywhere, as(updates, [count, block])]
  return as(emit.node('ScatterElements', operands, { axis: 0, reduction: 'add' }), shape)
}

type ScatterMode = 'set' | 'add'

/**
 * x with blocks replaced ('set') or added to ('add') at tuples of indices. Tuples may repeat when adding; when setting
 * they must differ (which one wins is undefined).
 */
export const scatterNd: Op<{ mode: ScatterMode }, [x: Tensor, indices: Tensor, updates: Tensor, mode?: ScatterMode]> =
  op({
    name: 'scatterNd',
    args: (x: Tensor, indices: Tensor, updates: Tensor, mode: ScatterMode = 'set') => ({
      inputs: [x, indices, updates],
      attrs: { mode },
    }),
    shape: ([x, indices, updates], { mode }) => {
      const depth = assertTuples('scatterNd', [x, indices, updates], indices)
      if (mode === 'add') assertNumeric('scatterNd', [x])
      const expected = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]
      if (updates.dtype !== x.dtype || updates.shape.join() !== expected.join())
        throw new ShapeError('scatterNd', `updates must be ${x.dtype}[${expected.join(', ')}]`, [x, indices, updates])
      return { shape: x.shape, dtype: x.dtype }
    },
    // What was overwritten has no gradient; an update's gradient is what lies where it went.
    grad: (g, { inputs: [, indices, updates], attrs: { mode } }) => [
      mode === 'add' ? g : scatterNd(g, indices, zeros(updates)),
      null,
      gatherNd(g, indices),
    ],
    onnx: (emit, [x, indices, updates], { mode }, node) =>
      mode === 'set' ? emit.node('ScatterND', [x, indices, updates]) : addBlocks(emit, [x, indices, updates], node),
    reference: ([x, indices, updates], { mode }) => {
      const { starts, length } = blocks(x, indices)
      const data = Float64Array.from(x.data)
      starts.forEach((start, row) => {
        for (let at = 0; at < length; at++) {
          const update = updates.data[row * length + at]
          data[start + at] = mode === 'add' ? data[start + at] + update : update
        }
      })
      return { shape: x.shape, data }
    },
    flops: ({ inputs: [, , updates], attrs }) =>
      (attrs as { mode: ScatterMode }).mode === 'add' ? product(updates.shape) : 0,
    sample: (r) => {
      const mode = r.pick<ScatterMode>(['set', 'add'])
      const tuples = constant(mode === 'set' ? [2, 0, 0, 3, 1, 1] : [2, 0, 2, 0, 1, 1], [3, 2], 'i64')
      return [r.tensor([3, 4, 2]), tuples, r.tensor([3, 2]), mode]
    },
  })
