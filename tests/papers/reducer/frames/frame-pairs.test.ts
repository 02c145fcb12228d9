import { describe, expect, it } from 'vitest'
import { framePairs, streamSegments } from '../../../../src/papers/reducer/frames/frame-pairs.ts'
import { cosines } from '../../../../src/pipeline/method/similarity.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { angle, numbers } from '../../../pipeline/frames-of.ts'

const RELEASED = { ties: false, last: false }
const STREAM = { tau: 0.8, ema: 0.9, most: 6 }

/** Frames of one place each, at angles in degrees. */
const alikeAt = (degrees: readonly number[]) => {
  const x = constant(degrees.flatMap(angle), [1, degrees.length, 2])
  return { alike: reshaped(cosines(x), degrees.length), count: constant([degrees.length], [], 'i64') }
}
const reshaped = (x: ReturnType<typeof cosines>, t: number) => constant(numbers(x), [t, t])

const WORKED = [0, 4, 6, 16, 20, 60, 62, 70, 71, 72, 73]
const pairsOf = (degrees: readonly number[], stream = STREAM, rule = RELEASED) => {
  const { alike, count } = alikeAt(degrees)
  const segments = streamSegments(alike, count, stream)
  const { kept, share, into } = framePairs(alike, count, segments, rule)
  return { first: numbers(segments.first), kept: numbers(kept), share: numbers(share), into: numbers(into) }
}

describe('streaming segments', () => {
  it('are the example by hand: (0, 4) cut by likeness, (5, 9) by length, (10, 10)', () => {
    expect(pairsOf(WORKED).first).toEqual([0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 10])
  })

  it('are one frame each where nothing can be like enough, and shorter than M', () => {
    expect(pairsOf(WORKED, { ...STREAM, tau: 1.1 }).first).toEqual([...Array(11).keys()])
    expect(pairsOf(Array(7).fill(0), { ...STREAM, most: 3 }).first).toEqual([0, 0, 2, 2, 4, 4, 6])
    expect(pairsOf([1, 1, 1], { ...STREAM, most: 1 }).first).toEqual([0, 1, 2])
    expect(pairsOf([1]).first).toEqual([0])
  })

  it('look at the frames that there are, not at the others of the table', () => {
    const { alike } = alikeAt(Array(6).fill(0))
    const { first, length } = streamSegments(alike, constant([4], [], 'i64'), { ...STREAM, most: 4 })
    expect(numbers(first).slice(0, 4)).toEqual([0, 0, 0, 3])
    expect(numbers(length).slice(0, 4)).toEqual([3, 3, 3, 1])
  })
})

describe('pairs of frames', () => {
  it('are the example by hand: f0, .5037 f1 + .4963 f2, f4, f5, f6, f7, f9, f10', () => {
    const { kept, share, into } = pairsOf(WORKED)
    expect(kept).toEqual([1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1])
    expect(share[1]).toBeCloseTo(0.5037, 4)
    expect(share.filter((_, at) => at !== 1)).toEqual(Array(10).fill(1))
    expect(into).toEqual([0, 1, 1, -1, 2, 3, 4, 5, 5, 6, 7])
  })

  it('keep the last middle frame where that is asked for', () => {
    const { kept } = pairsOf(WORKED, STREAM, { ...RELEASED, last: true })
    expect(kept).toEqual([1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1])
  })

  it('lose of a still video the last middle frames alone, or merge with ties', () => {
    const still = Array(32).fill(0)
    const left = (rule = RELEASED) => pairsOf(still, STREAM, rule).kept.filter(Boolean).length
    expect(left()).toBe(26)
    expect(left({ ties: true, last: false })).toBe(20)
  })

  it('leave segments of one, two and three frames whole', () => {
    for (const count of [1, 2, 3]) expect(pairsOf(Array(count).fill(0)).kept).toEqual(Array(count).fill(1))
  })
})
