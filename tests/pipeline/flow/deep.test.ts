import { describe, expect, it } from 'vitest'
import { deepened } from '../../../src/pipeline/flow/deep.ts'
import { keepVisual, type Sequence } from '../../../src/pipeline/method/sequence.ts'
import { allPatches, keepTokens, regroup } from '../../../src/pipeline/method/visual-tokens.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'

const numbers = (values: number[], shape: number[]) => constant(Float32Array.from(values), shape)
const indices = (values: number[], shape: number[]) => constant(values, shape, 'i64')
const valuesOf = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)

/** Text, three visual tokens, text; states of width 2, and two layers that are followed by more. */
function sequence(): Sequence {
  return {
    states: numbers([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [1, 5, 2]),
    positions: numbers([0, 1, 2, 3, 4], [1, 5]),
    visual: indices([1, 2, 3], [1, 3]),
    text: indices([0, 4], [1, 2]),
    source: indices([0, 1, 2], [1, 3]),
    deep: numbers([10, 20, 100, 200, 30, 40, 300, 400, 50, 60, 500, 600], [1, 3, 4]),
    opening: constant([1], []),
    ran: [],
    changedBy: [],
  }
}

describe('deepened', () => {
  it('adds to visual tokens what their layer is followed by, and nothing to text', () => {
    expect(valuesOf(deepened(sequence(), 0).states)).toEqual([1, 1, 12, 22, 33, 43, 54, 64, 5, 5])
    expect(valuesOf(deepened(sequence(), 1).states)).toEqual([1, 1, 102, 202, 303, 403, 504, 604, 5, 5])
  })

  it('adds nothing behind later layers, nor to what has nothing more', () => {
    const seq = sequence()
    expect(deepened(seq, 2)).toBe(seq)
    const plain = { ...seq, deep: undefined }
    expect(deepened(plain, 0)).toBe(plain)
  })

  it('knows the tokens that are left where others were dropped', () => {
    const kept = keepVisual(sequence(), indices([0, 2], [1, 2]), 'test')
    expect(valuesOf(deepened(kept, 0).states)).toEqual([1, 1, 12, 22, 54, 64, 5, 5])
  })

  it('leaves a step without visual tokens as it is', () => {
    const seq = sequence()
    const none = { visual: indices([], [1, 0]), source: indices([], [1, 0]), deep: numbers([], [1, 0, 4]) }
    expect(valuesOf(deepened({ ...seq, ...none }, 0).states)).toEqual(valuesOf(seq.states))
  })
})

describe('what early layers are given of tokens', () => {
  const patches = numbers([1, 2, 3, 4], [1, 4, 1])
  const deep = numbers([1, 10, 2, 20, 3, 30, 4, 40], [1, 4, 2])
  const tokens = allPatches({ layers: [], patches, special: 0, grid: { rows: 2, columns: 2 }, deep })

  it('goes with those that are kept', () => {
    expect(valuesOf(keepTokens(tokens, indices([0, 3], [1, 2]), 'test').deep!)).toEqual([1, 10, 4, 40])
  })

  it('is the mean of what was merged, and nothing for what was made of none', () => {
    const states = numbers([0, 0, 0], [1, 3, 1])
    const merged = regroup(tokens, states, indices([0, 0, 2, -1], [1, 4]), 'test')
    expect(valuesOf(merged.deep!)).toEqual([1.5, 15, 0, 0, 3, 30])
  })
})
