import { describe, expect, it } from 'vitest'
import { budgetsOf, fastvid } from '../../../src/papers/reducer/fastvid.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, numbers, tokensOf } from '../../pipeline/frames-of.ts'

const scene = (seed: number, each: number) => {
  const rng = Rng.from(seed, 'fastvid')
  const ground = Array.from({ length: 6 }, () => 2 * rng.normal())
  return Array.from({ length: each }, () => ground.map((x) => x + rng.normal()))
}
const video = (frames: number[][][]) => tokensOf(frames, { attention: frames.map((frame) => frame.map((_, at) => at)) })

/** T S + sum over scenes of ceil(L / p) floor(C L / ceil(L / p)). */
const closed = (lengths: readonly number[], { S, C }: { S: number; C: number }, p = 4) =>
  lengths.reduce((sum, L) => sum + L * S + Math.ceil(L / p) * Math.floor((C * L) / Math.ceil(L / p)), 0)

describe('fastvid', () => {
  it('counts as released: 608 of 32 frames, 607 where they are 5 and 27', () => {
    const budget = budgetsOf(196, { retain: 0.1, context: 0.4 })
    expect(budget).toEqual({ S: 12, C: 7 })
    expect(closed([32], budget)).toBe(608)
    expect(closed(Array(8).fill(4), budget)).toBe(608)
    expect(closed([5, 27], budget)).toBe(607)
  })

  it.each([[[6]], [[5, 2]], [[1, 3, 1]]])('leaves as many of scenes of %j frames', (lengths) => {
    const frames = lengths.flatMap((L, at) => Array.from({ length: L }, () => scene(at + 1, 20)))
    const options = { retain: 0.3, context: 0.5, scenes: lengths.length, threshold: -1 }
    const { places, owner } = left(fastvid, options, video(frames))
    expect(places).toHaveLength(closed(lengths, budgetsOf(20, options)))
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
    expect(owner.every((token) => token >= 0)).toBe(true)
  })

  it('is the identity where all are salient, and prunes by attention alone without context', () => {
    const given = video([1, 2].map((seed) => scene(seed, 5)))
    expect(left(fastvid, { retain: 1, context: 0 }, given).states.flat()).toEqual(numbers(given.states))
    expect(left(fastvid, { retain: 0.4, context: 0 }, given).places).toEqual([3, 4, 8, 9])
  })

  it('puts anchors into every p-th frame, counted back from the last', () => {
    const frames = Array.from({ length: 6 }, () => scene(1, 20))
    const options = { retain: 0.2, context: 0.5, scenes: 1, threshold: -1 } // S = 2, C = 2: frames 1 and 5 have 6 each
    const { places } = left(fastvid, options, video(frames))
    const perFrame = frames.map((_, t) => places!.filter((place) => Math.floor(place / 20) === t).length)
    expect(perFrame).toEqual([2, 8, 2, 2, 2, 8])
  })

  it('leaves anchors of equal tokens as they are', () => {
    const frames = Array.from({ length: 4 }, () => Array.from({ length: 8 }, () => [1, 2, 3]))
    const { states } = left(fastvid, { retain: 0.5, context: 0.5 }, video(frames))
    for (const row of states) for (const [at, value] of row.entries()) expect(value).toBeCloseTo(at + 1, 5)
  })

  it('pulls an anchor to the mean of what came to it, itself among it, no more than alpha lets', () => {
    const frames = [[[1, 0], [0.9, 0.1], [0.8, 0.3], [0, 5]]] // biome-ignore format: one frame; the last is salient
    const { places, states } = left(fastvid, { retain: 0.5, context: 0.5, alpha: 0.6 }, video(frames))
    const anchor = places![0]
    const mean = [0, 1].map((c) => (frames[0][0][c] + frames[0][1][c] + frames[0][2][c]) / 3)
    expect(places).toEqual([anchor, 3])
    for (const c of [0, 1]) expect(states[0][c]).toBeCloseTo(0.6 * frames[0][anchor][c] + 0.4 * mean[c], 5)
    expect(states[1]).toEqual([0, 5])
  })

  it('merges nothing over a cut', () => {
    const frames = [scene(1, 10), scene(1, 10), scene(2, 10)]
    const { owner } = left(fastvid, { retain: 0.4, context: 0.5, scenes: 2, threshold: -1 }, video(frames))
    const ofFirst = new Set(owner.slice(0, 20))
    expect(owner.slice(20).some((token) => ofFirst.has(token))).toBe(false)
  })
})
