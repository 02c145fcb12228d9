import { describe, expect, it } from 'vitest'
import { holitom } from '../../../src/papers/reducer/holitom.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, numbers, tokensOf } from '../../pipeline/frames-of.ts'

const scene = (seed: number, each: number) => {
  const rng = Rng.from(seed, 'holitom')
  return Array.from({ length: each }, () => Array.from({ length: 6 }, () => rng.normal()))
}
const rising = (count: number, each: number) =>
  Array.from({ length: count }, () => Array.from({ length: each }, (_, at) => (at + 1) / each))
const video = (frames: number[][][]) => tokensOf(frames, { attention: rising(frames.length, frames[0].length) })

describe('holitom', () => {
  it('is the identity where nothing is static and all is to stay', () => {
    const given = video([1, 2, 3].map((seed) => scene(seed, 5)))
    const { places, states } = left(holitom, { retain: 1, tau: 1.5 }, given)
    expect(places).toEqual([...Array(15).keys()])
    expect(states.flat()).toEqual(numbers(given.states))
  })

  it('makes one frame of a still video, and keeps of it what the share of all tokens is', () => {
    const still = video(Array.from({ length: 5 }, () => scene(1, 10)))
    const whole = left(holitom, { retain: 0.2 }, still)
    expect(whole.places).toEqual([...Array(10).keys()]) // r' = .2 / (1 - 40 / 50) = 1
    const half = left(holitom, { retain: 0.1 }, still)
    expect(half.places).toHaveLength(5)
    expect(half.places!.every((place) => place < 10)).toBe(true)
    expect(half.owner.every((token) => token >= 0)).toBe(true)
    expect(half.owner.slice(40)).toEqual(half.owner.slice(0, 10))
  })

  it('keeps of what moves in a frame what the encoder attends to', () => {
    const { places, owner } = left(holitom, { retain: 0.4 }, video([1, 2].map((seed) => scene(seed, 5))))
    expect(places).toEqual([3, 4, 8, 9]) // ceil(5 x .4) = 2 of each
    expect(owner.slice(0, 5)).toEqual([-1, -1, -1, 0, 1])
  })

  it('D: takes a share of these from clusters of the rest instead', () => {
    const { places, owner } = left(holitom, { retain: 0.8, contextual: 0.5 }, video([scene(1, 5)]))
    expect(places).toHaveLength(4)
    expect(places).toEqual(expect.arrayContaining([3, 4])) // dominant: round(4 x .5)
    expect(owner.every((token) => token >= 0)).toBe(true)
  })

  it('beta = 1 leaves centres as they are; less pulls them to what joined them', () => {
    const given = video([scene(2, 8)])
    const kept = left(holitom, { retain: 0.5, contextual: 1, beta: 1 }, given)
    const before = scene(2, 8)
    for (const [at, row] of kept.states.entries())
      for (const [channel, value] of row.entries()) expect(value).toBeCloseTo(before[kept.places![at]][channel], 5)
    const pulled = left(holitom, { retain: 0.5, contextual: 1, beta: 0.6 }, given)
    const token = pulled.owner.findIndex((own, at) => pulled.places![own] !== at) // of one that joined a centre
    const centre = pulled.owner[token]
    const members = pulled.owner.flatMap((own, at) => (own === centre && pulled.places![centre] !== at ? [at] : []))
    const mean = members.reduce((sum, at) => sum + before[at][0], 0) / members.length
    expect(pulled.states[centre][0]).toBeCloseTo(0.6 * before[pulled.places![centre]][0] + 0.4 * mean, 5)
  })

  it('saves what stands still and spends that on what moves', () => {
    const frames = Array.from({ length: 4 }, (_, t) =>
      scene(1, 8).map((token, l) => (l >= 6 ? scene(20 + t, 8)[l] : token)),
    )
    const { places } = left(holitom, { retain: 0.5 }, video(frames)) // reduced 18 of 32, r' = 1
    expect(places).toEqual([...Array(8).keys(), 14, 15, 22, 23, 30, 31])
  })

  it('takes one frame', () => {
    expect(left(holitom, { retain: 0.5 }, video([scene(1, 8)])).places).toEqual([4, 5, 6, 7])
  })
})
