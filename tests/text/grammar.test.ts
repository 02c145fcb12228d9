import { describe, expect, it } from 'vitest'
import { type Allowed, grammarOf } from '../../src/text/grammar.ts'

const next = (allowed: Allowed) =>
  typeof allowed === 'function' ? Array.from({ length: 10 }, (_, id) => id).filter((id) => allowed(id)) : allowed

describe('a grammar', () => {
  const grammar = grammarOf([[[1, 2]], [[3], [3, 4], [5, 6]], [[7]]])

  it('goes through its parts, one choice of each', () => {
    const ways: [number[], unknown][] = [
      [[], [1]],
      [[1], [2]],
      [
        [1, 2],
        [3, 5],
      ],
      [
        [1, 2, 3],
        [4, 7],
      ],
      [[1, 2, 3, 4], [7]],
      [[1, 2, 5], [6]],
      [[1, 2, 3, 7], 'end'],
    ]
    for (const [said, expected] of ways) expect(next(grammar.allowed(said))).toEqual(expected)
    expect(grammar.longest).toBe(5)
  })

  it('may be open behind its parts: at least one token that does not end it', () => {
    const open = grammarOf([[[1]]], { openUntil: [0, 9] })
    expect(next(open.allowed([]))).toEqual([1])
    expect(next(open.allowed([1]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(next(open.allowed([1, 4]))).toBeUndefined()
  })
})
