import { describe, expect, it } from 'vitest'
import { apart, gainOf, pointsRow, shareRow, unmeasured } from '../../../src/papers/reports/figures.ts'

describe('figures', () => {
  it('are shares in percent and differences in points', () => {
    const share = shareRow('right', 3, 4)
    expect(share).toMatchObject({ part: 'effect', value: 75, unit: '%', count: 4 })
    expect(share.interval![0]).toBeGreaterThan(25)
    const difference = { mean: 0.25, low: -0.1, high: 0.5, pairs: 8 }
    expect(pointsRow('gain', difference)).toMatchObject({ value: 25, unit: 'points', interval: [-10, 50], count: 8 })
  })

  it('pair marks one by one, and know nothing of fewer than two', () => {
    const found = gainOf({ seed: 1 }, [true, true, true, false], [false, true, false, false])
    expect(found).toMatchObject({ mean: 0.5, pairs: 4 })
    expect(found.low).toBeGreaterThanOrEqual(0) // no pair speaks for the second
    expect(gainOf({ seed: 1 }, [true], [false])).toEqual({ mean: 0, low: -1, high: 1, pairs: 1 })
  })

  it('add spreads in square where they were measured apart', () => {
    const a = { mean: 0.5, low: 0.2, high: 0.6 }
    const b = { mean: 0.1, low: 0, high: 0.5 }
    const { mean, low, high } = apart(a, b)
    expect(mean).toBeCloseTo(0.4)
    expect(low).toBeCloseTo(0.4 - 0.5) // 0.3 and 0.4
    expect(high).toBeCloseTo(0.4 + Math.hypot(0.1, 0.1))
  })

  it('say what was not measured without a claim that could count', () => {
    expect(unmeasured('a score', 'no file')).toMatchObject({
      count: 0,
      holds: 'undecided',
      reason: 'not measured: no file',
    })
  })
})
