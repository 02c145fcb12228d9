import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closest, editDistance } from '../../src/text/closest.ts'

const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c', '🟥') })

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['abcd', 'abdc', 1],
    ['ca', 'abc', 2],
    ['fatsv', 'fastv', 1],
    ['🟥🟦', '🟦🟥', 1],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('is a metric', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      }),
    )
  })
})

describe('closest', () => {
  const methods = ['fastv', 'fastvid', 'fastervlm', 'visionzip', 'tome']

  it('puts the nearest first', () => {
    expect(closest('fatsv', methods)).toEqual(['fastv', 'fastvid'])
  })

  it('ignores case', () => {
    expect(closest('FastV', methods)[0]).toBe('fastv')
  })

  it('gives at most n, equal distances in the order given', () => {
    expect(closest('ab', ['ax', 'ay', 'az', 'aw'])).toEqual(['ax', 'ay', 'az'])
    expect(closest('ab', ['ax', 'ay', 'az', 'aw'], 1)).toEqual(['ax'])
  })

  it('offers nothing that has little in common', () => {
    expect(closest('keyboard', methods)).toEqual([])
    expect(closest('', methods)).toEqual([])
    expect(closest('fastv', [])).toEqual([])
  })
})
