import { afterAll, describe, it } from 'vitest'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import * as t from '../../src/tensor/index.ts'
import { checkCase, RandomSampler } from './harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

type Draw = (shape: readonly number[]) => t.Tensor
const arithmetic: Record<string, (x: Draw) => t.Tensor> = {
  add: (x) => t.add(x([2, 3]), x([3])),
  sub: (x) => t.sub(x([2, 3]), x([3])),
  mul: (x) => t.mul(x([2, 3]), x([3])),
  div: (x) => t.div(x([2, 3]), 2),
  maximum: (x) => t.maximum(x([2, 3]), x([3])),
  minimum: (x) => t.minimum(x([2, 3]), x([3])),
  clip: (x) => t.clip(x([2, 5]), 1, 2),
  neg: (x) => t.neg(x([2, 3])),
  abs: (x) => t.abs(x([2, 3])),
  sign: (x) => t.sign(x([2, 3])),
  sum: (x) => t.sum(x([2, 3]), 1),
  max: (x) => t.max(x([2, 3]), 1),
  min: (x) => t.min(x([2, 3]), [0, 1], true),
  cumsum: (x) => t.cumsum(x([2, 5]), 1, { exclusive: true }),
  argmax: (x) => t.argmax(x([3, 7])),
  topK: (x) => t.topK(x([4, 9]), 5),
  topKSmallest: (x) => t.topK(x([4, 9]), 9, { largest: false }),
  sortAscending: (x) => t.sortAscending(x([3, 6])),
  less: (x) => t.less(x([2, 3]), x([3])),
  greaterEqual: (x) => t.greaterEqual(x([2, 3]), x([3])),
  scatterAdd: (x) => t.scatterAdd([3, 4], t.constant([0, 1, 1, 3, 3, 0], [3, 2], 'i64'), x([3, 2])),
}
const movement: Record<string, (x: Draw) => t.Tensor> = {
  equal: (x) => t.equal(x([2, 3]), x([3])),
  where: (x) => t.where(t.constant([1, 0, 1], [3], 'bool'), x([2, 3]), x([3])),
  gather: (x) => t.gather(x([4, 3]), t.constant([2, 0], [2], 'i32')),
  takeAlong: (x) => t.takeAlong(x([3, 4]), t.constant([0, 3, 1, 1, 2, 0], [3, 2], 'i64')),
  concat: (x) => t.concat([x([2, 3]), x([2, 1])], 1),
  slice: (x) => t.slice(x([4, 3]), 0, 1, -1),
  pad: (x) => t.pad(x([2, 3]), 1, 1, 2),
  reshape: (x) => t.reshape(x([2, 3]), [3, -1]),
  transpose: (x) => t.transpose(x([2, 3])),
  expand: (x) => t.expand(x([2, 1]), [2, 4]),
  toFloat: (x) => t.cast(x([2, 3]), 'f32'),
  toInteger: (x) => t.cast(x([2, 3]), 'i64'),
  stopGradient: (x) => t.stopGradient(x([2, 3])),
}

async function check(name: string, build: (x: Draw) => t.Tensor, dtype: t.DType, low: number, high: number) {
  for (const seed of [1, 2]) {
    const sampler = new RandomSampler(seed)
    const out = build((shape) => sampler.tensor(shape, { dtype, low, high }))
    await checkCase(backend, { out, values: sampler.leaves }, seed, `${name} of ${dtype}`)
  }
}

// Few values, so that ties are common: the lower index wins.
describe.each(['f32', 'i64', 'i32'] as const)('arithmetic on %s', (dtype) => {
  const names = Object.keys(arithmetic).filter((name) => dtype !== 'f32' || /arg|topK|sort/.test(name))
  it.each(names)('%s', (name) => check(name, arithmetic[name], dtype, -1, 3))
})

describe.each(['i64', 'i32', 'i8', 'u8', 'bool'] as const)('movement of %s', (dtype) => {
  it.each(Object.keys(movement))('%s', (name) => check(name, movement[name], dtype, 0, dtype === 'bool' ? 1 : 5))
})
