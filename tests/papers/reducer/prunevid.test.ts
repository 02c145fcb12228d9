import { describe, expect, it } from 'vitest'
import { longestRuns } from '../../../src/papers/reducer/frames/longest-runs.ts'
import { prunevid } from '../../../src/papers/reducer/prunevid.ts'
import { constant } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, numbers, tokensOf } from '../../pipeline/frames-of.ts'

const runs = (labels: readonly number[]) => numbers(longestRuns(constant(labels, [labels.length], 'i64')))

const scene = (seed: number, each: number) => {
  const rng = Rng.from(seed, 'prunevid')
  return Array.from({ length: each }, () => Array.from({ length: 6 }, () => rng.normal()))
}

describe('runs of labels', () => {
  it('are the longest of each label; what lies between joins the longer neighbour', () => {
    expect(runs([0, 0, 0, 1, 0, 2, 2])).toEqual([0, 0, 0, 0, 0, 2, 2])
    expect(runs([0, 0, 1, 2, 2, 2])).toEqual([0, 0, 2, 2, 2, 2])
    expect(runs([3, 0, 0, 3, 3])).toEqual([0, 0, 0, 3, 3])
    expect(runs([0, 0, 1, 2, 2])).toEqual([0, 0, 0, 2, 2]) // equally long: the left one
  })

  it('a gap that was filled makes the run before the next gap longer', () => {
    // 3 joins 4 4 4, which then is as long as 6 6 6 6
    expect(runs([2, 2, 3, 4, 4, 4, 5, 6, 6, 6, 6])).toEqual([2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6])
    expect(runs([4, 4, 4, 5, 6, 6, 6, 6])).toEqual([4, 4, 4, 6, 6, 6, 6, 6])
  })

  it('is 0 where no label comes twice in a row', () => {
    expect(runs([4, 2, 4, 1])).toEqual([0, 0, 0, 0])
    expect(runs([5])).toEqual([0])
  })
})

describe('prunevid', () => {
  it('changes nothing where nothing is static and every token is a cluster', () => {
    const video = tokensOf([1, 2, 3, 4].map((seed) => scene(seed, 20)))
    const { states, places } = left(prunevid, { tau: 1.5, share: 1 }, video)
    expect(places).toEqual([...Array(80).keys()])
    expect(states.flat()).toEqual(numbers(video.states))
  })

  it('makes of a still video one frame of clusters, floor(S / 2) of them', () => {
    const still = tokensOf(Array.from({ length: 8 }, () => scene(1, 20)))
    const { places, owner } = left(prunevid, {}, still)
    expect(places).toHaveLength(10)
    expect(places!.every((place) => place < 20)).toBe(true)
    expect(owner.every((token) => token >= 0)).toBe(true)
    for (let at = 0; at < owner.length; at++) expect(owner[at]).toBe(owner[at % 20])
  })

  it('leaves few tokens unclustered', () => {
    const still = tokensOf(Array.from({ length: 4 }, () => scene(1, 14)))
    expect(left(prunevid, {}, still).places).toEqual([...Array(14).keys()])
  })

  it('conserves the sum of tokens, each cluster counted by its members', () => {
    const video = tokensOf([1, 2, 3, 4].map((seed) => scene(seed, 16)))
    const { states, owner } = left(prunevid, { tau: 1.5 }, video)
    const count = (token: number) => owner.filter((own) => own === token).length
    const total = numbers(video.states).reduce((a, b) => a + b)
    const weighted = states.reduce((sum, row, token) => sum + count(token) * row.reduce((a, b) => a + b), 0)
    expect(weighted).toBeCloseTo(total, 3)
    expect(states).toHaveLength(4 * 8)
  })

  it('finds a cut between two still scenes: what one shows is not mixed with the other', () => {
    const cut = tokensOf([1, 1, 1, 2, 2, 2, 2, 2].map((seed) => scene(seed, 12)))
    const { places, owner, states } = left(prunevid, {}, cut)
    expect(places).toEqual([...Array(12).keys(), ...Array.from({ length: 12 }, (_, at) => 36 + at)])
    expect(
      states.flat().every((value, at) => Math.abs(value - [...scene(1, 12), ...scene(2, 12)].flat()[at]) < 1e-5),
    ).toBe(true)
    expect(owner.slice(36).every((token) => token >= 12)).toBe(true)
  })

  it('takes the mean over a run of the places that do not change, and all others as they are', () => {
    const frames = Array.from({ length: 4 }, (_, t) =>
      scene(1, 6).map((token, l) => (l === 2 ? scene(10 + t, 1)[0] : token)),
    )
    const { places, owner } = left(prunevid, { segments: 0.25 }, tokensOf(frames))
    expect(places).toEqual([0, 1, 2, 3, 4, 5, 8, 14, 20])
    expect(owner.slice(6, 12)).toEqual([0, 1, 6, 3, 4, 5])
  })

  it('takes one frame, and fewer frames than neighbours', () => {
    expect(left(prunevid, {}, tokensOf([scene(1, 20)])).places).toHaveLength(10)
    expect(left(prunevid, {}, tokensOf([scene(1, 4), scene(2, 4)])).places!.length).toBeGreaterThan(0)
  })
})
