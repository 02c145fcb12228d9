import type { Dim } from '../dims.ts'
import { ndarray } from '../ndarray.ts'
import { type Op, op, ShapeError, type Tensor } from '../tensor.ts'

/**
 * Indices (i64, ascending) where a mask [n] holds. How many there are only the data tells, so the result has the new
 * named dim `count`, which later shapes may use like any other.
 */
export const maskedIndices: Op<{ count: string }, [mask: Tensor, count: string]> = op({
  name: 'maskedIndices',
  args: (mask: Tensor, count: string) => ({ inputs: [mask], attrs: { count } }),
  shape: ([mask], { count }) => {
    if (mask.dtype !== 'bool' || mask.shape.length !== 1)
      throw new ShapeError('maskedIndices', 'needs a bool vector', [mask])
    if (!/^[A-Za-z_][\w.]*$/.test(count)) throw new ShapeError('maskedIndices', `"${count}" is not a name`, [mask])
    return { shape: [count as Dim], dtype: 'i64' }
  },
  definesDim: true,
  onnx: (emit, [mask], { count }) => {
    const found = emit.node('Reshape', [emit.node('NonZero', [mask]), emit.constant('i64', [1], [-1])])
    emit.bindDim(count, found, 0)
    return found
  },
  reference: ([mask]) => {
    const found = [...mask.data.keys()].filter((at) => mask.data[at] !== 0)
    return ndarray([found.length], found)
  },
  flops: () => 0,
  sample: (r) => [r.tensor([9], { low: 0, high: 1, dtype: 'bool' }), 'count'],
})
