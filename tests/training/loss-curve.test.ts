import { describe, expect, it } from 'vitest'
import { lossCurve } from '../../src/training/loss-curve.ts'

const log = Array.from({ length: 500 }, (_, at) => ({
  step: at + 1,
  total: 500,
  rate: 1e-3,
  losses: { answer: 5 / (at + 1), '<b>': 2 },
  milliseconds: 1,
}))

describe('lossCurve', () => {
  it('draws one line per loss inside the picture, with units on both axes', () => {
    const svg = lossCurve(log, { title: 'a & b', smoothing: 0 })
    const points = [...svg.matchAll(/points="([^"]+)"/g)].map(([, text]) =>
      text.split(' ').map((p) => p.split(',').map(Number)),
    )
    expect(points).toHaveLength(2)
    for (const [x, y] of points.flat()) {
      expect(x).toBeGreaterThanOrEqual(68)
      expect(x).toBeLessThanOrEqual(640)
      expect(y).toBeGreaterThan(44)
      expect(y).toBeLessThan(384)
    }
    expect(points[0][0][1]).toBeLessThan(points[0].at(-1)![1]) // falling
    expect(svg).toContain('>steps<')
    expect(svg).toContain('loss (nats')
    expect(svg).toContain('a &amp; b')
    expect(svg).toContain('&lt;b&gt;')
  })

  it('smooths without a bias at the start', () => {
    const flat = log.map((entry) => ({ ...entry, losses: { answer: 2 } }))
    const [, points] = /points="([^"]+)"/.exec(lossCurve(flat, { title: '' }))!
    expect(new Set(points.split(' ').map((point) => point.split(',')[1])).size).toBe(1)
  })

  it('draws an empty log as empty axes', () => {
    expect(lossCurve([], { title: 'none' })).not.toContain('NaN')
  })
})
