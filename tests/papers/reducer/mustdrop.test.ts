import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

const run = (options: string, tokens: ReturnType<typeof tokensOf>) => seen(parseMethod(`mustdrop:${options}`), tokens)

/** 4 x 4 patches in windows of 2 x 2: the lower left one is plain, the upper right a checkerboard, the others are mixed. */
const features = [
  [1, 0], [0, 1], [1, 0], [0, 1],
  [1, 1], [2, 1], [0, 1], [1, 0],
  [3, 3], [3, 3], [1, -1], [2, 5],
  [3, 3], [3, 3], [4, 1], [1, 0],
] // biome-ignore format: a picture

const tokens = tokensOf({ features, grid: { rows: 4, columns: 4 } })

describe('mustdrop', () => {
  it('merges the plain window first, into its mean, before all others in raster order', () => {
    const { states, owner } = run('keep=.8125,window=2', tokens)
    expect(states[0]).toEqual([3, 3])
    expect(states.slice(1)).toEqual(features.filter((_, at) => ![8, 9, 12, 13].includes(at)))
    expect(owner).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 9, 10, 0, 0, 11, 12])
  })

  it('merges a checkerboard, whose likeness is a third, last', () => {
    const { owner } = run('keep=.4375,window=2', tokens)
    expect(new Set(owner).size).toBe(7)
    expect(new Set([2, 3, 6, 7].map((patch) => owner[patch])).size).toBe(4)
  })

  it('keeps the sum of all states, each counted as often as it was merged', () => {
    const { states, owner } = run('keep=.5', tokens)
    for (const channel of [0, 1]) {
      const before = features.reduce((sum, row) => sum + row[channel], 0)
      expect(owner.reduce((sum, token) => sum + states[token][channel], 0)).toBeCloseTo(before, 5)
    }
  })

  it('has 192, 128 and 64 of 24 x 24 left, in windows of 3 x 3', () => {
    const large = tokensOf({ features: noise(576, 2), grid: { rows: 24, columns: 24 } })
    for (const [count, merged] of [
      [192, 48],
      [128, 56],
      [64, 64],
    ]) {
      const { states, owner } = run(`keep=${count / 576}`, large)
      expect(states).toHaveLength(count)
      const sizes = states.map((_, token) => owner.filter((own) => own === token).length)
      expect(sizes.slice(0, merged).every((size) => size === 9)).toBe(true)
      expect(sizes.slice(merged).every((size) => size === 1)).toBe(true)
    }
  })

  it('changes nothing where everything is kept', () => {
    expect(run('keep=1', tokens)).toMatchObject({ states: features, owner: features.map((_, at) => at) })
  })

  it('refuses windows that do not fill the grid, and counts that a window cannot reach', () => {
    expect(() => run('keep=.5,window=3', tokens)).toThrow(/3 x 3 do not fill 4 x 4/)
    expect(() => run('keep=.125,window=2', tokens)).toThrow(/leave 4 tokens at least, not 2/)
  })
})
