import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const ones = (shape: readonly number[], dtype: t.DType = 'f32'): t.Tensor => {
  const size = shape.reduce((a, b) => a * b, 1)
  return t.constant(new Float64Array(size).fill(dtype === 'f32' ? 1 : 0), shape, dtype)
}
const rowIndices = (x: t.Tensor): t.Tensor => t.cast(t.slice(x, 1, 0, 1), 'i64')

/** Programs over x [n, 5] that must run at n = 0 (no visual tokens, an empty cache) as at any other size. */
const programs: Record<string, (x: t.Tensor) => t.Tensor> = {
  add: (x) => t.add(x, 1),
  sum: (x) => t.sum(x, 0),
  softmax: (x) => t.softmax(x),
  layerNorm: (x) => t.layerNorm(x, ones([5]), ones([5])),
  rmsNorm: (x) => t.rmsNorm(x, ones([5])),
  gelu: (x) => t.gelu(x),
  argmax: (x) => t.argmax(x),
  cumsum: (x) => t.cumsum(x, 0),
  matmul: (x) => t.matmul(x, ones([5, 3])),
  'matmul over no rows': (x) => t.matmul(t.transpose(x), x),
  'topK of rows': (x) => t.topK(x, 2),
  'topK of no values': (x) => t.topK(t.sum(x, 1), 'n'),
  'topK of counted': (x) => t.topK(t.transpose(x), t.countOf('n', 0.25)),
  'topK of scaled': (x) => t.topK(t.transpose(x), t.scaleDim('n', 0.5)),
  pad: (x) => t.pad(x, 0, 1, 1),
  concat: (x) => t.concat([x, ones([2, 5])], 0),
  slice: (x) => t.slice(x, 0, 0, 'n'),
  expand: (x) => t.mul(t.expand(ones([1, 5]), ['n', 5]), x),
  tile: (x) => t.tile(x, [2, 3]),
  'reshape flat': (x) => t.reshape(x, [-1]),
  'reshape turned': (x) => t.reshape(t.matmul(x, t.transpose(x)), [1, 'n', 1, 'n']),
  'reshape of two named': (x) => t.reshape(t.concat([x, ones([1, 5])], 0), [5, t.addDim('n', 1)]),
  gather: (x) => t.gather(ones([4, 3]), rowIndices(x)),
  takeAlong: (x) => t.takeAlong(x, t.cast(x, 'i64')),
  scatterAdd: (x) => t.scatterAdd(['n', 7], t.cast(x, 'i64'), x, 1),
  gatherNd: (x) => t.gatherNd(ones([4, 3]), rowIndices(x)),
  scatterNd: (x) => t.scatterNd(ones([4, 3]), rowIndices(x), t.slice(x, 1, 0, 3)),
  maskedIndices: (x) => t.maskedIndices(t.greater(t.sum(x, 1), 0), 'kept'),
  conv2d: (x) => t.conv2d(t.reshape(x, ['n', 1, 1, 5]), ones([2, 1, 1, 3])),
  linearInt8: (x) => t.linearInt8(x, ones([5, 3], 'i8'), ones([3]), ones([3], 'i8')),
  'linearInt8 per row': (x) => t.linearInt8(x, ones([5, 3], 'i8'), ones([3]), ones([3], 'i8'), { perRow: true }),
}

describe('no rows', () => {
  it.each(Object.entries(programs))('%s', async (_, build) => {
    const out = build(t.input('x', ['n', 5]))
    const program = await compile(backend, { out })
    for (const n of [0, 3, 0]) {
      const { values, sizes } = await program.run({ x: f32([n, 5], new Float32Array(5 * n)) })
      expect(values.out.dims).toEqual(out.shape.map((dim) => t.evaluateDim(dim, new Map(Object.entries(sizes)))))
    }
    await program.dispose()
  })
})
