import { describe, expect, it } from 'vitest'
import { dycoke, referencesOf } from '../../../src/papers/reducer/dycoke.ts'
import { angle, left, tokensOf } from '../../pipeline/frames-of.ts'

/** Frames of one place each side by side, by angles in degrees. */
const frames = (degrees: readonly (readonly number[])[]) => tokensOf(degrees.map((frame) => frame.map(angle)))
const still = (count: number, each: number) => frames(Array.from({ length: count }, () => Array(each).fill(30)))

describe('which frames lose tokens', () => {
  it('are three of every four, each compared with what its group says before', () => {
    expect([...referencesOf(8, 'reduced')]).toEqual([
      [1, 0],
      [2, 0],
      [3, 2],
      [5, 4],
      [6, 4],
      [7, 6],
    ])
  })

  it('leaves the third of the last four whole as released: 3098 of 6272 tokens', () => {
    const counted = (last: 'whole' | 'reduced') => {
      const reduced = referencesOf(32, last).size
      return (32 - reduced) * 196 + reduced * Math.trunc((1 - 0.7) * 196)
    }
    expect(counted('whole')).toBe(3098)
    expect(counted('reduced')).toBe(3098 - 196 + 58)
  })

  it('is none of one frame, and of few or odd ones all but those that begin', () => {
    expect([1, 2, 3, 5].map((count) => [...referencesOf(count, 'reduced').keys()])).toEqual([
      [],
      [1],
      [1, 2],
      [1, 2, 3],
    ])
    expect([...referencesOf(5, 'whole').keys()]).toEqual([1, 2, 3])
    expect([...referencesOf(4, 'whole').keys()]).toEqual([1, 3])
  })
})

describe('dycoke', () => {
  it('keeps of a later frame what changed most in its place, in raster order', () => {
    const moved = frames([
      [0, 0, 0, 0],
      [0, 50, 20, 80],
    ])
    expect(left(dycoke, { ratio: 0.5 }, moved).places).toEqual([0, 1, 2, 3, 5, 7])
  })

  it('is the identity where the ratio is 0, and of one frame', () => {
    expect(left(dycoke, { ratio: 0 }, still(5, 3)).places).toEqual([...Array(15).keys()])
    const one = still(1, 3)
    expect(left(dycoke, {}, one).made).toBe(one)
  })

  it('keeps only the first of every four frames where the ratio is 1', () => {
    expect(left(dycoke, { ratio: 1, last: 'reduced' }, still(8, 2)).places).toEqual([0, 1, 8, 9])
  })

  it('keeps the first of equal tokens in a still video', () => {
    expect(left(dycoke, { ratio: 0.5, last: 'reduced' }, still(4, 4)).places).toEqual([0, 1, 2, 3, 4, 5, 8, 9, 12, 13])
  })

  it('keeps what moves in every frame, where it is no more than a frame keeps', () => {
    const moving = frames(Array.from({ length: 8 }, (_, t) => Array.from({ length: 8 }, (_, l) => (l === t ? 90 : 0))))
    const { places } = left(dycoke, { ratio: 0.7, last: 'reduced' }, moving) // kappa = 2
    for (let t = 0; t < 8; t++) expect(places).toContain(t * 8 + t)
  })
})
