import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Box,
  decodeBox,
  decodeBoxes,
  meanOf,
  regionOf,
  suppress,
} from '../../../../src/papers/decoding/covlm/boxes.ts'

it('a cell (3, 5) at stride 14 says a box of 14x28 around (49, 77)', () => {
  const { x1, y1, x2, y2, score } = decodeBox([0.5, 0.5, 0, Math.log(2), 0], { x: 3, y: 5 }, 14)
  for (const [found, expected] of [
    [(x1 + x2) / 2, 49],
    [(y1 + y2) / 2, 77],
    [x2 - x1, 14],
    [y2 - y1, 28],
    [score, 0.5],
  ])
    expect(found).toBeCloseTo(expected, 9)
  const all = decodeBoxes(
    Float32Array.from({ length: 16 * 16 * 5 }, (_, at) => (at % 5 === 4 ? 3 : 0)),
    16,
    14,
  )
  expect(all).toHaveLength(256)
  expect((all[5 * 16 + 3].x1 + all[5 * 16 + 3].x2) / 2).toBeCloseTo(3 * 14, 5)
})

describe('a region', () => {
  const grid = (value: (at: number) => number) => Float32Array.from({ length: 256 * 2 }, (_, at) => value(at))

  it('of (.1, .2, .5, .55) on 16 cells is 8 columns by 6 rows', () => {
    const region = regionOf({ x1: 0.1, y1: 0.2, x2: 0.5, y2: 0.55 }, 16)
    expect(region).toEqual({ x1: 1, y1: 3, x2: 8, y2: 8 })
    const inside = (at: number) => {
      const [x, y] = [Math.floor(at / 2) % 16, Math.floor(at / 32)]
      return Number(x >= 1 && x <= 8 && y >= 3 && y <= 8)
    }
    expect([...meanOf(grid(inside), region, 16)].map((value) => Number(value.toFixed(5)))).toEqual([1, 1])
    const all = meanOf(grid(inside), regionOf({ x1: 0, y1: 0, x2: 1, y2: 1 }, 16), 16)
    for (const value of all) expect(value).toBeCloseTo(48 / 256, 6)
  })

  it('of a constant grid is the constant; one without size has a cell', () => {
    expect(regionOf({ x1: 0.5, y1: 0.5, x2: 0.5, y2: 0.5 }, 16)).toEqual({ x1: 8, y1: 8, x2: 8, y2: 8 })
    expect(regionOf({ x1: 1.4, y1: -1, x2: 0.2, y2: -0.5 }, 16)).toEqual({ x1: 15, y1: 0, x2: 15, y2: 0 })
    for (const value of meanOf(
      grid(() => 3),
      regionOf({ x1: 0.1, y1: 0, x2: 0.3, y2: 0.9 }, 16),
      16,
    ))
      expect(value).toBeCloseTo(3, 5)
  })
})

describe('suppression', () => {
  const box = (x: number, y: number, side: number, score: number): Box => ({
    x1: x,
    y1: y,
    x2: x + side,
    y2: y + side,
    score,
  })

  it('keeps boxes apart from each other, the better of two that overlap', () => {
    const [a, b, c] = [box(0, 0, 20, 0.5), box(2, 2, 20, 0.9), box(100, 0, 20, 0.1)]
    expect(suppress([a, b, c], 0.45)).toEqual([b, c])
    expect(suppress([a, c], 0.45)).toEqual([a, c])
  })

  it('gives falling scores, and again the same', () => {
    const some = fc.record({
      x: fc.nat(200),
      y: fc.nat(200),
      side: fc.integer({ min: 1, max: 80 }),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 30 }), (list) => {
        const kept = suppress(
          list.map(({ x, y, side, score }) => box(x, y, side, score)),
          0.45,
        )
        expect(kept.map(({ score }) => score)).toEqual(kept.map(({ score }) => score).sort((a, b) => b - a))
        expect(suppress(kept, 0.45)).toEqual(kept)
      }),
    )
  })
})
