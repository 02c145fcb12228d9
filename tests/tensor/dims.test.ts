import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDim,
  broadcastShapes,
  countOf,
  divideDim,
  evaluateDim,
  isDim,
  minDim,
  mulDim,
  oneOf,
  product,
  scaleDim,
  subDim,
} from '../../src/tensor/index.ts'
import { bindings, dim } from './arbitrary-dims.ts'

describe('dims', () => {
  it('add, subtract and multiply as their sizes do', () => {
    fc.assert(
      fc.property(dim, dim, bindings, (a, b, sizes) => {
        const [x, y] = [evaluateDim(a, sizes), evaluateDim(b, sizes)]
        expect(evaluateDim(addDim(a, b), sizes)).toBe(x + y)
        expect(evaluateDim(subDim(a, b), sizes)).toBe(x - y)
        expect(evaluateDim(mulDim(a, b), sizes) + 0).toBe(x * y + 0)
      }),
    )
  })
  it('have one form however they were built', () => {
    fc.assert(
      fc.property(dim, dim, dim, (a, b, c) => {
        expect(addDim(a, b)).toBe(addDim(b, a))
        expect(addDim(addDim(a, b), c)).toBe(addDim(a, addDim(b, c)))
        expect(mulDim(mulDim(a, b), c)).toBe(mulDim(a, mulDim(b, c)))
        expect(mulDim(a, addDim(b, c))).toBe(addDim(mulDim(a, b), mulDim(a, c)))
        expect(subDim(a, a)).toBe(0)
        expect(subDim(addDim(a, b), b)).toBe(a)
      }),
    )
  })
  it('divide where they were multiplied', () => {
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        expect(divideDim(mulDim(a, b), b)).toBe(b === 0 ? undefined : a)
      }),
    )
    expect(divideDim(addDim('past', 'seq'), 'seq')).toBeUndefined()
    expect(divideDim(addDim(mulDim('past', 64), mulDim('seq', 64)), addDim('seq', 'past'))).toBe(64)
    expect(divideDim(7, 2)).toBeUndefined()
  })
  it('round as Math does', () => {
    const scale = fc.double({ min: 0, max: 2, noNaN: true })
    fc.assert(
      fc.property(
        scale,
        fc.constantFrom('ceil' as const, 'floor' as const, 'round' as const),
        bindings,
        (s, fn, sizes) => {
          const a = sizes.get('a')!
          expect(evaluateDim(scaleDim('a', s, fn), sizes)).toBe(Math[fn](s * a))
          expect(scaleDim(a, s, fn)).toBe(Math[fn](s * a))
        },
      ),
    )
    expect(
      evaluateDim(
        addDim(scaleDim(addDim('a', 'b'), 0.5), 'a'),
        new Map([
          ['a', 3],
          ['b', 4],
        ]),
      ),
    ).toBe(7)
  })
  it('count a share by one rule: halves to even, at least 1 unless 0 was asked, never more than there are', () => {
    const counts = (n: number, ...shares: number[]) => shares.map((share) => countOf(n, share))
    expect(counts(144, 0, 1e-9, 0.001, 0.25, 1)).toEqual([0, 1, 1, 36, 144])
    expect(counts(9, 0.5, 0.05)).toEqual([4, 1])
    expect(counts(7, 0.5, 0.999)).toEqual([4, 7])
    expect(counts(0, 0, 0.5, 1)).toEqual([0, 0, 0])
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), bindings, (share, sizes) => {
        expect(evaluateDim(countOf('a', share), sizes)).toBe(countOf(sizes.get('a')!, share))
      }),
    )
  })
  it('name what is not bound', () => {
    expect(() => evaluateDim(addDim('a', 'b'), new Map([['a', 1]]))).toThrow('dim "b" has no size; known dims: a')
  })
  it('takes the smaller of two sizes, and one of any', () => {
    expect(minDim(3, 5)).toBe(3)
    expect(minDim('a', 'a')).toBe('a')
    for (const [a, b] of [
      [0, 2],
      [2, 2],
      [7, 2],
    ]) {
      const sizes = new Map(Object.entries({ a, b }))
      expect(evaluateDim(minDim('a', 'b'), sizes)).toBe(Math.min(a, b))
      expect(evaluateDim(minDim('a', 2), sizes)).toBe(Math.min(a, 2))
      expect(evaluateDim(oneOf('a'), sizes)).toBe(Math.min(a, 1))
    }
  })

  it('tell a dim from other text', () => {
    expect(['seq', 0, 7, addDim('a', 1), scaleDim('a', 0.5)].map(isDim)).toEqual([true, true, true, true, true])
    expect(['', 'a b', '3', -1, 0.5].map(isDim)).toEqual([false, false, false, false, false])
  })
  it('multiply to the size of a shape and broadcast', () => {
    expect(product([2, 'n', 3])).toBe(mulDim('n', 6))
    expect(product([])).toBe(1)
    expect(broadcastShapes(['n', 1, 4], [3, 4])).toEqual(['n', 3, 4])
    expect(broadcastShapes(['n'], ['m'])).toBeUndefined()
  })
})
