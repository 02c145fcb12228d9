import { describe, expect, test } from 'vitest'
import { cover, intersect } from '../../../src/world/raster/coverage.ts'
import { inverse, multiply, parseTransform } from '../../../src/world/raster/matrix.ts'
import { parsePath } from '../../../src/world/raster/path.ts'
import { ellipse, rectangle, strokeOf } from '../../../src/world/raster/polygon.ts'
import { Rng } from '../../../src/world/rng.ts'

const areaOf = (shares: Float32Array) => shares.reduce((sum, share) => sum + share, 0)

describe('cover', () => {
  test('is exact along rows', () => {
    const area = cover([rectangle(1.25, 1, 3.5, 2)], 'nonzero', 8)!
    expect([area.left, area.top, area.width, area.height]).toEqual([1, 1, 3, 1])
    expect([...area.shares]).toEqual([0.75, 1, 0.5])
  })

  test('covers the area of random triangles', () => {
    const rng = Rng.from(1, 'triangles')
    for (let i = 0; i < 50; i++) {
      const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => rng.float(2, 62))
      const exact = Math.abs((c - a) * (f - b) - (e - a) * (d - b)) / 2
      const area = cover([Float64Array.of(a, b, c, d, e, f)], 'nonzero', 64)
      expect(Math.abs((area ? areaOf(area.shares) : 0) - exact)).toBeLessThan(1 + 0.01 * exact)
    }
  })

  test('leaves holes by the even-odd rule, and by winding only where outlines turn against each other', () => {
    const [outer, inner] = [rectangle(0, 0, 8, 8), rectangle(2, 2, 6, 6)]
    const back = Float64Array.of(2, 2, 2, 6, 6, 6, 6, 2)
    expect(areaOf(cover([outer, inner], 'evenodd', 8)!.shares)).toBe(48)
    expect(areaOf(cover([outer, inner], 'nonzero', 8)!.shares)).toBe(64)
    expect(areaOf(cover([outer, back], 'nonzero', 8)!.shares)).toBe(48)
  })

  test('cuts off at the canvas, and clips', () => {
    expect(areaOf(cover([rectangle(-4, -4, 4, 4)], 'nonzero', 8)!.shares)).toBe(16)
    expect(cover([rectangle(9, 9, 12, 12)], 'nonzero', 8)).toBeUndefined()
    const [a, b] = [cover([rectangle(0, 0, 4, 4)], 'nonzero', 8)!, cover([rectangle(2, 2, 6, 6)], 'nonzero', 8)!]
    expect(areaOf(intersect(a, b).shares)).toBe(4)
  })
})

describe('parsePath', () => {
  const area = (d: string) =>
    areaOf(
      cover(
        parsePath(d).map(({ points }) => points),
        'nonzero',
        64,
      )!.shares,
    )

  test('reads absolute, relative and repeated commands, and numbers without blanks', () => {
    expect(area('M4 4H24V24H4Z')).toBeCloseTo(400, 3)
    expect(area('m4 4h20v20h-20z')).toBeCloseTo(400, 3)
    expect(area('M4,4 24,4 24,24 4,24')).toBeCloseTo(400, 3)
    expect(area('m4.5.5.5 20 20 0 0-20z')).toBeCloseTo(area('M4.5 .5 L5 20.5 L25 20.5 L25 .5 Z'), 3)
  })

  test('draws arcs with their flags run together, and curves', () => {
    expect(area('M12 32a20 20 0 1052 32')).toBeGreaterThan(0)
    const circle = area('M12 32a20 20 0 1 0 40 0a20 20 0 1 0-40 0')
    expect(Math.abs(circle - Math.PI * 400)).toBeLessThan(8)
    expect(area('M12 32a20 20 0 1040 0a20 20 0 10-40 0')).toBeCloseTo(circle, 3)
    const k = 20 * 0.5523
    const bezier = `M12 32c0-${k} ${20 - k}-20 20-20s20 ${20 - k} 20 20s-${20 - k} 20-20 20s-20-${20 - k}-20-20z`
    expect(Math.abs(area(bezier) - Math.PI * 400)).toBeLessThan(8)
    expect(area('M0 40Q20 0 40 40T40 40z')).toBeGreaterThan(500)
  })

  test('refuses what is no path', () => {
    expect(() => parsePath('M0 0 X')).toThrow(RangeError)
    expect(() => parsePath('M0 0 L5')).toThrow(/lacks a number/)
  })
})

test('a stroke covers its length times its width, with round ends', () => {
  const area = cover(strokeOf(Float64Array.of(10, 20, 50, 20), 8, false), 'nonzero', 64)!
  expect(Math.abs(areaOf(area.shares) - (320 + Math.PI * 16))).toBeLessThan(4)
  expect(areaOf(cover([ellipse(32, 32, 10)], 'nonzero', 64)!.shares)).toBeGreaterThan(310)
})

test('transforms are read in order and undone by their inverse', () => {
  const matrix = parseTransform('translate(3 4) rotate(90) scale(2)')!
  expect(multiply(matrix, [1, 0, 0, 1, 1, 0]).slice(4).map(Math.round)).toEqual([3, 6])
  for (const [i, value] of multiply(matrix, inverse(matrix)).entries()) expect(value).toBeCloseTo([1, 0, 0, 1, 0, 0][i])
  expect(parseTransform('skewX(3)')).toBeUndefined()
})
