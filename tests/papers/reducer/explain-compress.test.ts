import { describe, expect, it } from 'vitest'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { instructionAttention } from '../../../src/papers/reducer/explain-compress/instruction-attention.ts'
import { relevanceLoss, relevanceTarget } from '../../../src/papers/reducer/explain-compress/labels.ts'
import { predictor } from '../../../src/papers/reducer/explain-compress/predictor.ts'
import { meanRelevance, relevanceOf, rolledOut } from '../../../src/pipeline/explain/relevance.ts'
import { constant, log, mul, slice, softmax, sum, type Tensor } from '../../../src/tensor/index.ts'
import { numbers } from '../../pipeline/frames-of.ts'
import { promptOf } from '../sequence-run.ts'

const close = (found: Tensor, expected: readonly number[], digits = 4) => {
  const values = numbers(found)
  expect(values).toHaveLength(expected.length)
  for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected[at], digits)
}

describe('relevance', () => {
  it('rolls out the example by hand: (I + A2) (I + A1), every row of it', () => {
    const layers = [
      [0.2, 0, 0, 0.1, 0.3, 0, 0, 0.4, 0.1],
      [0.5, 0, 0, 0, 0.2, 0, 0.3, 0.1, 0],
    ].map((values) => constant(values.concat(values, values), [3, 3, 3]))
    const rows = constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3])
    close(rolledOut(layers, rows), [1.8, 0, 0, 0.12, 1.56, 0, 0.37, 0.53, 1.1])
  })

  it('is max(A * G, 0) of one layer, mean over heads, and what a slot is to itself', () => {
    const A = constant([1, 0, 0.4, 0.6, 1, 0, 0.5, 0.5], [1, 2, 2, 2])
    const gradients = [0, 0, 2, -3, 0, 0, 1, 4]
    const target = sum(mul(A, constant(gradients, [1, 2, 2, 2])))
    close(relevanceOf(target, [A], constant([0, 1], [1, 2])), [(0.8 + 0.5) / 2, 1 + (0 + 2) / 2])
  })

  it('of several tokens is the mean of each with gradients of its own', () => {
    const x = constant([0.2, -1, 0.5, 0.3], [1, 1, 2, 2])
    const A = softmax(x)
    const targets = [sum(log(slice(A, 3, 0, 1))), sum(mul(slice(A, 3, 1), 3))]
    const row = constant([0, 1], [1, 2])
    const each = targets.map((target) => numbers(relevanceOf(target, [A], row)))
    const both = numbers(meanRelevance(targets.map((target) => ({ target, row })), [A])) // biome-ignore format: one step
    for (const at of [0, 1]) expect(both[at]).toBeCloseTo((each[0][at] + each[1][at]) / 2, 6)
    expect(each[0]).not.toEqual(each[1])
  })
})

describe('labels', () => {
  const R = constant([0.05, 0.3, 0.1, 0.02, 0.25, 0.28], [1, 6])

  it('are the example by hand: the upper half, divided by its sum', () => {
    close(relevanceTarget(R), [0, 0.3614, 0, 0, 0.3012, 0.3373])
  })

  it('are alike everywhere where nothing was relevant', () => {
    close(relevanceTarget(constant([0, 0, 0, 0], [1, 4])), [0.25, 0.25, 0.25, 0.25])
  })

  it('are 0.3671 away from what the example predicts, and 0 from themselves', () => {
    const predicted = log(constant([0.1, 0.3, 0.1, 0.1, 0.2, 0.2], [1, 6]))
    expect(numbers(relevanceLoss(relevanceTarget(R), predicted))[0]).toBeCloseTo(0.3671, 4)
    const even = constant([2, 2], [1, 2])
    expect(numbers(relevanceLoss(constant([0.5, 0.5], [1, 2]), even))[0]).toBeCloseTo(0, 6)
  })
})

describe('the predictor', () => {
  it('has the size of the paper, some 178 thousand weights, and takes no tokens at all', () => {
    const p = createScope()
    expect(predictor(p, constant([], [1, 0])).shape).toEqual([1, 0])
    const sizes = [...p.parameters.values()].map(({ shape }) => shape.reduce<number>((a, b) => a * Number(b), 1))
    const total = sizes.reduce((a, b) => a + b)
    expect(total).toBeGreaterThan(175_000)
    expect(total).toBeLessThan(180_000)
  })
})

describe('what the question looks at', () => {
  it('is the mean over its slots alone, behind the picture', () => {
    const seq = promptOf({ visual: [[1], [1]], text: [[1], [1]] })
    const rows = [1, 0, 0, 0, 0.5, 0.5, 0, 0, 0.2, 0.6, 0.2, 0, 0.4, 0.1, 0.1, 0.4]
    // queries that give these weights: keys are axes, twice as long as the root of their width divides by
    const queries = constant(rows.map((weight) => Math.log(Math.max(weight, 1e-9))), [1, 1, 4, 4]) // biome-ignore format: one step
    const keys = [0, 1, 2, 3].flatMap((at) => [0, 1, 2, 3].map((axis) => (at === axis ? 2 : 0)))
    const ran = [{ input: seq, queries, allKeys: constant(keys, [1, 1, 4, 4]) } as never]
    close(instructionAttention({ ...seq, ran }, 0, 'test'), [0.3, 0.35])
  })
})

it('ranks without weights by attention itself', () => {
  expect(parseMethod('explain-compress:signal=attention').needs).toEqual({ untrained: true })
  expect(parseMethod('explain-compress').needs).toBeUndefined()
})
