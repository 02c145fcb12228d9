import { broadcastShapes, mulDim, product } from '../dims.ts'
import { broadcastReader, fill } from '../ndarray.ts'
import { assertFloat, type Op, op, ShapeError, type Tensor } from '../tensor.ts'
import { reshape, unbroadcast } from './broadcast.ts'
import { transpose } from './layout.ts'

/** Matrix product of the last two axes, [..., m, k] x [..., k, n]; leading axes broadcast. */
export const matmul: Op<object, [a: Tensor, b: Tensor]> = op({
  name: 'matmul',
  args: (a: Tensor, b: Tensor) => ({ inputs: [a, b], attrs: {} }),
  shape: ([a, b]) => {
    assertFloat('matmul', [a, b])
    if (a.shape.length < 2 || b.shape.length < 2) throw new ShapeError('matmul', 'needs at least two axes each', [a, b])
    if (a.shape.at(-1) !== b.shape.at(-2) || a.dtype !== b.dtype)
      throw new ShapeError('matmul', `inner dims ${a.shape.at(-1)} and ${b.shape.at(-2)} differ (or dtypes do)`, [a, b])
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
    if (!batch) throw new ShapeError('matmul', 'batch axes do not broadcast', [a, b])
    return { shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!], dtype: a.dtype }
  },
  // dA = dY B^T, dB = A^T dY
  grad: (g, { inputs: [a, b] }) => {
    const ga = unbroadcast(matmul(g, transpose(b)), a.shape)
    if (b.shape.length > 2 || a.shape.length === 2) return [ga, unbroadcast(matmul(transpose(a), g), b.shape)]
    // A shared matrix: one product over all rows instead of a batch of them and a sum.
    const rows = reshape(a, [-1, a.shape.at(-1)!])
    return [ga, matmul(transpose(rows), reshape(g, [-1, g.shape.at(-1)!]))]
  },
  onnx: (emit, [a, b]) => emit.node('MatMul', [a, b]),
  reference: ([a, b], _, __, shape) => {
    const [inner, rank] = [a.shape.at(-1)!, shape.length]
    const [x, y] = [broadcastReader(a), broadcastReader(b)]
    const [i, j] = [new Array<number>(rank), new Array<number>(rank)]
    return fill(shape, (index) => {
      for (let axis = 0; axis < rank; axis++) i[axis] = j[axis] = index[axis]
      let total = 0
      for (let k = 0; k < inner; k++) {
        i[rank - 1] = k
        j[rank - 2] = k
        total += x(i) * y(j)
      }
      return total
    })
  },
  flops: ({ shape, inputs: [a] }) => mulDim(mulDim(2, product(shape)), a.shape.at(-1)!),
  sample: (r) => {
    const [batch, rows, inner, columns] = r.shape(4)
    const shared = r.pick([true, false])
    const left = r.pick([
      [batch, rows, inner],
      [rows, inner],
      [2, batch, rows, inner],
      [1, rows, inner],
    ])
    return [r.tensor(left), r.tensor(shared ? [inner, columns] : [batch, inner, columns])]
  },
})
