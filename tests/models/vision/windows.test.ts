import { describe, expect, it } from 'vitest'
import { inverseOrder, windowNumbers, windowOrder } from '../../../src/models/vision/windows.ts'

describe('the order of patches in windows', () => {
  it('puts windows of one size together, those cut off by an edge later', () => {
    // 0 1 | 2        3 rows, 3 columns, windows of 2 x 2
    // 3 4 | 5
    // ---------
    // 6 7 | 8
    const { order, groups } = windowOrder({ rows: 3, columns: 3 }, 2)
    expect(order).toEqual([0, 1, 3, 4, 2, 5, 6, 7, 8])
    expect(groups).toEqual([
      { windows: 1, patches: 4 },
      { windows: 2, patches: 2 },
      { windows: 1, patches: 1 },
    ])
    expect(windowNumbers(groups)).toEqual([0, 0, 0, 0, 1, 1, 2, 2, 3])
  })

  it('is undone by its inverse', () => {
    const { order } = windowOrder({ rows: 5, columns: 7 }, 4)
    expect(inverseOrder(order).map((place) => order[place])).toEqual(Array.from({ length: 35 }, (_, patch) => patch))
  })
})
