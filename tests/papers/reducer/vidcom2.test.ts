import { describe, expect, it } from 'vitest'
import { gaussians } from '../../../src/papers/compute/stc.ts'
import { budgets, vidcom2 } from '../../../src/papers/reducer/vidcom2.ts'
import { constant } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, numbers, tokensOf } from '../../pipeline/frames-of.ts'

const noise = [9, -8, 8, -9, 9, -8, 8, -9]
const [first, second] = [
  [[1, 0], [1, 0], [1, 0], [0.8, 0.6]],
  [[0, 1], [0.6, 0.8], [-1, 0], [0, -1]],
] // biome-ignore format: frames
const withNoise = (frame: number[][], at: number) =>
  frame.map((token, m) => [...token, noise[4 * at + m], -noise[4 * at + m]])
const hand = tokensOf([withNoise(first, 0), withNoise(second, 1)])
const kept = (options: object, tokens = hand) => left(vidcom2, options, tokens).places ?? []
const perFrame = (places: readonly number[], T: number, M: number) =>
  Array.from({ length: T }, (_, t) => places.filter((place) => Math.floor(place / M) === t).length)

function video(seed: number, T: number, M: number) {
  const rng = Rng.from(seed, 'vidcom2')
  return tokensOf(
    Array.from({ length: T }, () => Array.from({ length: M }, () => [1, 2, 3, 4].map((x) => x + rng.normal()))),
  )
}

/** Frames of which the last one looks unlike all others. */
const oneOther = (T: number, M: number) =>
  tokensOf(
    Array.from({ length: T }, (_, t) =>
      Array.from({ length: M }, (_, m) => (t === T - 1 ? [m % 2, 1, 0.3 * m, 1] : [1, 0.01 * m, 0, 1])),
    ),
  )

describe('vidcom2', () => {
  it('g falls from 5', () => {
    const [zero, one, two] = numbers(gaussians(constant([0, 1, 2], [3])))
    expect(zero).toBeCloseTo(5, 5)
    expect(one).toBeCloseTo(1.906862, 5)
    expect(two).toBeCloseTo(1.128396, 5)
  })

  it('keeps of the frame that is other more, and what is least like both means: the example by hand', () => {
    expect(kept({ retain: 0.5 })).toEqual([3, 4, 6, 7])
  })

  it('shares evenly among frames that are alike', () => {
    const V = constant(Array(12).fill(2), [3, 4])
    expect(numbers(budgets(V, 0.5))).toEqual([2, 2, 2])
  })

  it('drifts from its budget where one frame gets the most it can: 96 + 31 x 47 of 32 x 49', () => {
    const V = constant(Array.from({ length: 32 * 196 }, (_, at) => (at < 196 ? 1 : 3)), [32, 196]) // biome-ignore format: one step
    const counts = numbers(budgets(V, 0.25))
    expect([counts[0], counts[1], counts.reduce((a, b) => a + b)]).toEqual([96, 47, 1553])
  })

  it('released: is not the identity at R = 1 where frames differ; exact is, and keeps its budget to a token', () => {
    expect(kept({ retain: 1 }, oneOther(4, 8)).length).toBeLessThan(32)
    expect(kept({ retain: 1, form: 'exact' }, oneOther(4, 8))).toEqual([...Array(32).keys()])
    for (const retain of [0.1, 0.3, 0.77])
      expect(kept({ retain, form: 'exact' }, video(1, 5, 7))).toHaveLength(Math.max(5, Math.trunc(35 * retain)))
  })

  it('exact: may leave a frame without any token', () => {
    expect(kept({ retain: 0.03, form: 'exact' }, oneOther(4, 48)).length).toBe(5)
    expect(perFrame(kept({ retain: 0.03, form: 'exact' }, oneOther(4, 48)), 4, 48)).toContain(0)
  })

  it.each(['released', 'paper'])('%s: keeps a token of each frame, more of one that is other', (form) => {
    const counts = perFrame(kept({ retain: 0.01, form }, video(2, 4, 6)), 4, 6)
    expect(counts.every((count) => count >= 1)).toBe(true)
    const [alike, other] = [perFrame(kept({ retain: 0.4, form }, oneOther(4, 10)), 4, 10), 3]
    expect(alike[other]).toBeGreaterThan(alike[0])
  })

  it('does not mind in which order tokens and frames come', () => {
    const rng = Rng.from(5, 'vidcom2')
    const frames = Array.from({ length: 3 }, () =>
      Array.from({ length: 4 }, () => [0, 0, 0, 0].map(() => rng.normal())),
    )
    const turned = [...frames].reverse().map((frame) => [...frame].reverse())
    const places = kept({ retain: 0.5 }, tokensOf(frames))
    const mirrored = kept({ retain: 0.5 }, tokensOf(turned)).map((place) => 11 - place)
    expect(mirrored.sort((a, b) => a - b)).toEqual(places)
  })

  it('prunes one frame to its share', () => {
    expect(kept({ retain: 0.25 }, video(3, 1, 8))).toHaveLength(2)
  })
})
