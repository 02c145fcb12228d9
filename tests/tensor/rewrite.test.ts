import { expect, it } from 'vitest'
import { add, evaluate, exp, input, mul, neg, rewrite } from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'

it('exchanges nodes and what uses them, and leaves the program it was given alone', () => {
  const x = input('x', [2])
  const outputs = { y: add(exp(x), 1), z: mul(x, 2) }
  const changed = rewrite(outputs, (node, inputs) => (node.op.name === 'exp' ? neg(inputs[0]) : undefined))
  const run = ({ y }: typeof outputs) => evaluate([y], new Map([[x, ndarray([2], [0, 1])]]))
  expect(Array.from(run(changed)[0].data)).toEqual([1, 0])
  expect(run(outputs)[0].data[0]).toBe(2)
  expect(changed.z).toBe(outputs.z)
  expect(changed.y.shape).toEqual([2])
})
