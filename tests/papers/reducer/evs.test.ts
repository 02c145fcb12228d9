import { describe, expect, it } from 'vitest'
import { budgetOf, evs } from '../../../src/papers/reducer/evs.ts'
import { Rng } from '../../../src/world/rng.ts'
import { angle, left, tokensOf } from '../../pipeline/frames-of.ts'

const hand = tokensOf(
  [
    [0, 0],
    [0, 60],
    [90, 60],
    [100, 60],
  ].map((frame) => frame.map(angle)),
)
const kept = (options: object, tokens = hand) => left(evs, options, tokens).places

function noise(seed: number, count: number, each: number, scale = (_: number) => 1) {
  const rng = Rng.from(seed, 'evs')
  let at = 0
  return tokensOf(
    Array.from({ length: count }, () =>
      Array.from({ length: each }, () => {
        const by = scale(at++)
        return Array.from({ length: 4 }, () => by * rng.normal())
      }),
    ),
  )
}

describe('evs', () => {
  it('keeps exactly its budget, the first frame complete: the example by hand', () => {
    expect(kept({ retain: 0.5 })).toEqual([0, 1, 3, 4])
    expect(kept({ retain: 0.75 })).toHaveLength(6)
    expect(kept({ retain: 0.75 })).toEqual(expect.arrayContaining([0, 1, 3, 4, 6]))
    expect(kept({ retain: 0.25 })).toEqual([0, 1])
    expect(kept({ retain: 0.1 })).toEqual([0, 1])
  })

  it('counts as engines do', () => {
    expect([budgetOf(64, 256, 0.3), budgetOf(8, 63, 0.6), budgetOf(4, 256, 0.3)]).toEqual([4915, 302, 307])
    expect([1, 2, 3].map((T) => budgetOf(T, 256, 0.3))).toEqual([256, 256, 256])
  })

  it('leaves all of it where all is to stay, and one frame as it is', () => {
    expect(kept({ retain: 1 })).toEqual([...Array(8).keys()])
    const one = tokensOf([[[1, 0]]])
    expect(left(evs, { retain: 0.1 }, one).made).toBe(one)
  })

  it('keeps more of a larger share, never other tokens', () => {
    const video = noise(1, 6, 5)
    const sets = [0.2, 0.4, 0.6, 0.8, 1].map((retain) => new Set(kept({ retain }, video)))
    for (let at = 1; at < sets.length; at++) for (const place of sets[at - 1]) expect(sets[at].has(place)).toBe(true)
  })

  it('sees no change where a token only grows', () => {
    const scaled = noise(2, 5, 4, (at) => 1 + (at % 7))
    expect(kept({ retain: 0.5 }, scaled)).toEqual(kept({ retain: 0.5 }, noise(2, 5, 4)))
  })

  it('takes a zero token for a changed one', () => {
    const zeros = tokensOf([
      [[1, 0], [0, 0]],
      [[1, 0], [0, 0]],
    ]) // biome-ignore format: frames
    expect(kept({ retain: 0.75 }, zeros)).toEqual([0, 1, 3])
  })

  it('keeps what moves on a still ground in every frame', () => {
    const [ground, thing] = [angle(0), angle(90)]
    const frames = Array.from({ length: 5 }, (_, t) => Array.from({ length: 6 }, (_, l) => (l === t ? thing : ground)))
    const places = kept({ retain: 14 / 30 }, tokensOf(frames)) // 8 of later frames change, 6 are the first frame
    for (let t = 0; t < 5; t++) expect(places).toContain(t * 6 + t)
  })

  it('paper: keeps what lies at or above the quantile of later frames, beside the first', () => {
    // d = 0, .5, 1, 0, .015, 0; half of them lie at or above (0 + .0152) / 2
    expect(kept({ retain: 0.5, form: 'paper' })).toEqual([0, 1, 3, 4, 6])
    expect(kept({ retain: 1, form: 'paper' })).toEqual([...Array(8).keys()])
  })
})
