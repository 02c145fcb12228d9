import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { directions, likeness, noise, seen, tokensOf } from '../tokens-of.ts'

const features = directions(0, 10, 20, 90)
const cls = [0.4, 0.3, 0.2, 0.1]
const kept = (options: string, of = { features, cls }) => seen(parseMethod(`scope:${options}`), tokensOf(of)).kept

/** How well a set covers all tokens: sum_u max(0, max_s cos(u, s)). */
function coverage(rows: readonly (readonly number[])[], set: readonly number[]): number {
  const unit = rows.map((row) => row.map((x) => x / Math.hypot(...row)))
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * b[at], 0)
  return unit.reduce((sum, u) => sum + Math.max(0, ...set.map((s) => dot(u, unit[s]))), 0)
}

describe('scope', () => {
  it('is the worked example: 0 and 90 degrees by both, 20 and 90 by coverage, 0 and 10 by saliency', () => {
    expect(kept('keep=.5')).toEqual([0, 3])
    expect(kept('keep=.5,alpha=0')).toEqual([2, 3])
    expect(kept('keep=.5,alpha=20')).toEqual([0, 1])
    expect(coverage(features, [0, 3])).toBeCloseTo(3.9245, 6)
    expect(coverage(features, [0, 1])).toBeCloseTo(3.158456, 6)
  })

  it('does not change with the scale of the saliency, as a product', () => {
    const half = { features, cls: cls.map((x) => x / 2) }
    expect(kept('keep=.5', half)).toEqual(kept('keep=.5'))
  })

  it('adds saliency where it is told to: a large one then decides alone', () => {
    expect(kept('keep=.5,combine=sum', { features, cls: cls.map((x) => 100 * x) })).toEqual([0, 1])
  })

  it('is coverage alone where all are equally salient, whatever the power', () => {
    const even = { features, cls: [0.25, 0.25, 0.25, 0.25] }
    expect(kept('keep=.5', even)).toEqual(kept('keep=.5,alpha=0'))
    expect(kept('keep=.5,alpha=3', even)).toEqual(kept('keep=.5,alpha=0'))
  })

  it('covers at least 63 % of what the best set does, with alpha 0', () => {
    const rows = noise(10, 3, 11)
    const own = coverage(rows, kept('keep=.3,alpha=0', { features: rows, cls: rows.map(() => 0.1) }))
    const all = rows.map((_, at) => at)
    const triples = all.flatMap((a) => all.slice(a + 1).flatMap((b) => all.slice(b + 1).map((c) => [a, b, c])))
    expect(own).toBeGreaterThanOrEqual(0.632 * Math.max(...triples.map((set) => coverage(rows, set))))
  })

  it('takes a copy only when nothing is left to cover', () => {
    const copied = { features: directions(0, 0, 90, 180), cls: [0.4, 0.4, 0.1, 0.1] }
    expect(kept('keep=.75', copied)).toEqual([0, 2, 3])
    expect(kept('keep=1', copied)).toEqual([0, 1, 2, 3])
  })

  it('keeps tokens that are less alike than the most salient', () => {
    const clusters = directions(...Array.from({ length: 20 }, (_, at) => 70 * Math.floor(at / 5) + at))
    const of = { features: clusters, cls: clusters.map((_, at) => 1 / (at + 1)) }
    const [own, others] = ['scope', 'fastervlm'].map((id) => seen(parseMethod(`${id}:keep=.2`), tokensOf(of)))
    expect(likeness(own.states)).toBeLessThan(likeness(others.states))
  })
})
