import { describe, expect, it } from 'vitest'
import {
  believed,
  chanceOfCorrelation,
  pearson,
  ranks,
  spearman,
  upperTail,
} from '../../../src/evaluation/linear/correlation.ts'

describe('correlations', () => {
  it('are those worked by hand, and 0 where nothing varies', () => {
    expect(pearson([1, 2, 3], [1, 3, 2])).toBeCloseTo(0.5, 12)
    expect(pearson([1, 2, 3], [6, 4, 2])).toBeCloseTo(-1, 12)
    expect(pearson([1, 1, 1], [1, 2, 3])).toBe(0)
    expect(() => pearson([1], [1, 2])).toThrow(RangeError)
  })

  it('of ranks share the places of ties, and see no more than order', () => {
    expect(ranks([10, 30, 20, 20])).toEqual([1, 4, 2.5, 2.5])
    expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12)
    expect(spearman([1, 2, 3], [2, 3, 1])).toBeCloseTo(-0.5, 12)
  })
})

describe('chance', () => {
  it('is that of tables of the normal distribution', () => {
    expect(upperTail(0)).toBeCloseTo(0.5, 7)
    expect(upperTail(1.959964)).toBeCloseTo(0.025, 6)
    expect(upperTail(-1.644854)).toBeCloseTo(0.95, 6)
    expect(chanceOfCorrelation(0, 50)).toBeCloseTo(0.5, 7)
    expect(chanceOfCorrelation(Math.tanh(1.959964 / Math.sqrt(25)), 28)).toBeCloseTo(0.025, 6)
    expect(() => chanceOfCorrelation(0.5, 3)).toThrow('four pairs')
  })

  it('of many tests is believed up to the share of false ones: the example of the step-up rule by hand', () => {
    // thresholds at q = .05 of four: .0125, .025, .0375, .05; the third passes, so the second does too
    expect(believed([0.2, 0.01, 0.037, 0.03], 0.05)).toEqual([false, true, true, true])
    expect(believed([0.06, 0.5], 0.05)).toEqual([false, false])
    expect(believed([], 0.05)).toEqual([])
  })
})
