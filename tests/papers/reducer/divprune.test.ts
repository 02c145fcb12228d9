import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { directions, noise, seen, tokensOf } from '../tokens-of.ts'

const kept = (keep: number, features: number[][]) =>
  seen(parseMethod(`divprune:keep=${keep}`), tokensOf({ features })).kept

/** Smallest angle between any two of some directions. */
const spread = (angles: readonly number[]) =>
  Math.min(...angles.flatMap((a, i) => angles.slice(i + 1).map((b) => Math.abs(((a - b + 540) % 360) - 180))))

describe('divprune', () => {
  it('is the worked example: of 0, 10, 90 and 180 degrees first 180, then 0', () => {
    expect(kept(0.25, directions(0, 10, 90, 180))).toEqual([3])
    expect(kept(0.5, directions(0, 10, 90, 180))).toEqual([0, 3])
  })

  it('is spread at least half as far as the best set could be', () => {
    const angles = noise(9, 1, 5).map(([x]) => 360 * (x + 0.5))
    const own = spread(kept(1 / 3, directions(...angles)).map((at) => angles[at]))
    const triples = angles.flatMap((a, i) =>
      angles.slice(i + 1).flatMap((b, j) => angles.slice(i + j + 2).map((c) => spread([a, b, c]))),
    )
    expect(own).toBeGreaterThanOrEqual(Math.max(...triples) / 2)
  })

  it('never takes a token twice, even where all are the same, or nothing', () => {
    for (const features of [new Array(6).fill([1, 2]), new Array(6).fill([0, 0])])
      expect(kept(0.5, features)).toEqual([0, 1, 2])
  })

  it('keeps one of one, none of a share of 0, and everything as it is', () => {
    expect(kept(0.1, directions(30))).toEqual([0])
    expect(kept(0, directions(30, 60))).toEqual([])
    const features = noise(7, 3)
    expect(seen(parseMethod('divprune:keep=1'), tokensOf({ features })).states).toEqual(features)
  })
})
