import { describe, expect, it } from 'vitest'
import { better, less, zero } from '../../../src/papers/reports/verdict.ts'

const difference = (low: number, high: number, pairs = 500) => ({ mean: (low + high) / 2, low, high, pairs })

describe('a verdict', () => {
  it.each([
    [difference(0.01, 0.2), true],
    [difference(0.01, 0.2, 30), true],
    [difference(0.01, 0.2, 20), 'undecided'],
    [difference(-0.2, -0.1), false],
    [difference(-0.005, 0.005), false],
    [difference(-0.05, 0.1), 'undecided'],
    [difference(0, 0, 20), 'undecided'],
    [difference(-0.3, -0.1, 20), 'undecided'],
  ])('on a difference of %j is %s', (found, holds) => {
    const verdict = better(found, 'chance')
    expect(verdict.holds).toBe(holds)
    expect(Boolean(verdict.reason)).toBe(holds !== true)
  })

  it('on a ratio looks at its interval', () => {
    expect(less(0.7, 'it')).toEqual({ holds: true })
    expect(less(1, 'it').holds).toBe(false)
    expect(less(0.9, 'it', [0.8, 1.1]).holds).toBe('undecided')
    expect(less(1.2, 'it', [1.1, 1.3])).toEqual({ holds: false, reason: 'it is not below that of the dense model' })
  })

  it('on what must be zero forgives nothing', () => {
    expect(zero(0, 'broken')).toEqual({ holds: true })
    expect(zero(1e-30, 'broken')).toEqual({ holds: false, reason: 'broken' })
  })
})
