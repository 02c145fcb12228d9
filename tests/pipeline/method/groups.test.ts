import { describe, expect, it } from 'vitest'
import { runsOf, topOfGroups, windowsOf } from '../../../src/pipeline/method/groups.ts'
import { gatherRows, writeRows } from '../../../src/pipeline/method/rows.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'

const numbers = (x: Tensor) => [...evaluate([x], new Map())[0].data]
const rows = (values: readonly (readonly number[])[], dtype: 'f32' | 'i64' = 'i64') =>
  constant(values.flat(), [values.length, values[0].length], dtype)

describe('rows in groups', () => {
  it('are numbered by runs of equal keys', () => {
    expect(numbers(runsOf(rows([[7, 7, 3, 3, 3, 9]])))).toEqual([0, 0, 1, 1, 1, 2])
    expect(numbers(runsOf(rows([[]])))).toEqual([])
  })

  it('have their highest marked: a share, rounded up, at least one, the first of equals', () => {
    const scores = rows([[1, 5, 5, 2, 9, 8, 0, 4]], 'f32')
    const groups = rows([[0, 0, 0, 0, 1, 1, 1, 2]])
    expect(numbers(topOfGroups(scores, groups, 0.25))).toEqual([0, 1, 0, 0, 1, 0, 0, 1])
    expect(numbers(topOfGroups(scores, groups, 0))).toEqual([0, 1, 0, 0, 1, 0, 0, 1])
    expect(numbers(topOfGroups(scores, groups, 0.6))).toEqual([0, 1, 1, 1, 1, 1, 0, 1])
    expect(numbers(topOfGroups(scores, groups, 1))).toEqual(new Array(8).fill(1))
  })

  it.each([0.2, 0.7, 0.07])('count %s of 100 as the whole number that it is', (share) => {
    const scores = constant(
      Float32Array.from({ length: 100 }, (_, at) => at),
      [1, 100],
    )
    const marked = numbers(topOfGroups(scores, rows([new Array(100).fill(0)]), share))
    expect(marked.reduce((a, b) => a + b, 0)).toBe(Math.round(share * 100))
  })

  it('stand side by side in windows as wide as the largest', () => {
    const { indices, isReal, counts } = windowsOf(rows([[2, 0, -1, 2, 2, 0]]), rows([[0, 1, 2]]), 'width')
    const [found, real, count] = evaluate([indices, isReal, counts], new Map()).map(({ data }) => [...data])
    expect(count).toEqual([2, 0, 3])
    expect(found.filter((_, at) => real[at])).toEqual([1, 5, 0, 3, 4])
    expect(real).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 1])
  })
})

describe('rows that are written', () => {
  const x = constant([1, -0, 3, 4, 5, 6], [2, 3, 1])

  it('take the place of those that are named, in each entry of a batch its own', () => {
    const written = writeRows(x, rows([[2], [0]]), constant([30, 40], [2, 1, 1]))
    expect(numbers(written)).toEqual([1, -0, 30, 40, 5, 6])
    expect(numbers(gatherRows(written, rows([[2], [0]])))).toEqual([30, 40])
  })

  it('may be none', () => {
    const none = constant([], [2, 0], 'i64')
    expect(numbers(writeRows(x, none, constant([], [2, 0, 1])))).toEqual([1, -0, 3, 4, 5, 6])
  })
})
