import { describe, expect, it } from 'vitest'
import { budgetsOf, flashvid } from '../../../src/papers/reducer/flashvid.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, numbers, tokensOf } from '../../pipeline/frames-of.ts'

const scene = (seed: number, each: number) => {
  const rng = Rng.from(seed, 'flashvid')
  return Array.from({ length: each }, () => Array.from({ length: 6 }, () => rng.normal()))
}
const video = (frames: number[][][]) =>
  tokensOf(frames, { attention: frames.map((frame) => frame.map((_, at) => 1 + at / 100)) })

describe('flashvid', () => {
  it('counts as the paper does', () => {
    const budget = (n: number, retain: number) => budgetsOf(n, { retain, expansion: 1.25, alpha: 0.7 })
    expect(budget(196, 0.1)).toEqual({ A: 18, C: 7 })
    expect(budget(169, 0.1)).toEqual({ A: 16, C: 6 })
    expect(budget(196, 0.25)).toEqual({ A: 44, C: 18 })
  })

  it('is the identity where all tokens are chosen', () => {
    const given = video([1, 2, 3].map((seed) => scene(seed, 5)))
    const { places, states } = left(flashvid, { retain: 1, expansion: 1, alpha: 1 }, given)
    expect(places).toEqual([...Array(15).keys()])
    expect(states.flat()).toEqual(numbers(given.states))
  })

  it('of a still scene keeps what is chosen in each frame, and clusters of the trees in the first', () => {
    const still = video(Array.from({ length: 3 }, () => scene(1, 10)))
    const how = { retain: 0.4, expansion: 1, alpha: 0.5, scenes: 1 } // A = 2, C = 2
    const { places, owner } = left(flashvid, how, still)
    const perFrame = [0, 1, 2].map((t) => places!.filter((place) => Math.floor(place / 10) === t).length)
    expect(perFrame).toEqual([8, 2, 2]) // 8 trees, q = 6 / 8: 6 clusters beside the chosen
    expect(owner.every((token) => token >= 0)).toBe(true)
  })

  it.each(['v1', 'v2'])(
    '%s: leaves about its budget of any video, in time and raster order, no place twice',
    (choice) => {
      const given = video([1, 1, 2, 3, 3, 3].map((seed) => scene(seed, 12)))
      const { places } = left(flashvid, { retain: 0.25, expansion: 1, choice, scenes: 2 }, given) // A = 3, C = 0
      expect(places).toHaveLength(18)
      const more = left(flashvid, { retain: 0.5, expansion: 1, choice, scenes: 2 }, given).places! // A = 5, C = 1
      expect(more.length).toBeGreaterThanOrEqual(30)
      expect(more.length).toBeLessThanOrEqual(36 + 6)
      expect(new Set(more).size).toBe(more.length)
      expect(more).toEqual([...more].sort((a, b) => a - b))
    },
  )

  it('chooses no token twice in a scene of one frame', () => {
    const { places } = left(flashvid, { retain: 0.5, expansion: 1, alpha: 0.5 }, video([scene(4, 12)])) // A = 3, C = 3
    expect(places).toHaveLength(6)
  })

  it('has a mean of what is merged: the weighted sum is kept where nothing is chosen', () => {
    const given = video([1, 1, 2].map((seed) => scene(seed, 6)))
    const { states, owner } = left(flashvid, { retain: 1, expansion: 1, alpha: 0, scenes: 1, threshold: -1 }, given)
    const total = numbers(given.states).reduce((a, b) => a + b)
    const count = (token: number) => owner.filter((own) => own === token).length
    const weighted = states.reduce((sum, row, token) => sum + count(token) * row.reduce((a, b) => a + b), 0)
    expect(weighted).toBeCloseTo(total, 4)
  })
})
