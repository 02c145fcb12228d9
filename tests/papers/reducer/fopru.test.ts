import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

const features = (n: number) => noise(n, 3)
const fopru = (options: string) => parseMethod(`fopru:${options}`)

/** What patches give varies more than what they get: s_out = (5.17, 4, -3.33), s_in = (-0.83, 4.83, 1.83). */
const logits = [
  [2, 7, 6.5],
  [-2, 6.5, 7.5],
  [-2.5, 1, -8.5],
]
const transposed = logits.map((_, at) => logits.map((row) => row[at]))

describe('fopru', () => {
  it('is the worked example: two of three by what they give', () => {
    expect(seen(fopru('keep=.6667'), tokensOf({ features: features(3), logits })).kept).toEqual([0, 1])
  })

  it('takes what patches get where that varies more', () => {
    expect(seen(fopru('keep=.6667'), tokensOf({ features: features(3), logits: transposed })).kept).toEqual([0, 1])
    const received = [
      [0, 0, 9],
      [0, 0, 8],
      [0, 0, 7],
    ]
    expect(seen(fopru('keep=.3'), tokensOf({ features: features(3), logits: received })).kept).toEqual([2])
  })

  it('takes what they get where both vary alike', () => {
    // s_in = s_out reversed: the same variance.
    const same = [
      [0, 0, 3],
      [0, 0, 0],
      [0, 0, 0],
    ]
    expect(seen(fopru('keep=.3'), tokensOf({ features: features(3), logits: same })).kept).toEqual([2])
  })

  it('does not change when a number is added to all logits', () => {
    const more = logits.map((row) => row.map((x) => x + 100))
    const kept = (of: number[][]) => seen(fopru('keep=.6667'), tokensOf({ features: features(3), logits: of })).kept
    expect(kept(more)).toEqual(kept(logits))
  })

  it('reads what comes after the softmax where it is told to', () => {
    const attention = [
      [
        [0, 0.1, 0.9],
        [0, 0.1, 0.9],
        [0, 0.1, 0.9],
      ],
    ]
    const tokens = tokensOf({ features: features(3), logits, attention })
    expect(seen(fopru('keep=.3,scores=attention'), tokens).kept).toEqual([2])
  })

  it('keeps whole rows of the grid, of largest sum', () => {
    const given = [5, 0, 0, 4, 4, 4].map((x) => new Array(6).fill(x))
    const tokens = tokensOf({ features: features(6), logits: given, grid: { rows: 2, columns: 3 } })
    expect(seen(fopru('keep=.5,by=row'), tokens).kept).toEqual([3, 4, 5])
    expect(seen(fopru('keep=.5'), tokens).kept).toEqual([0, 3, 4])
  })

  it.each(['rank', 'row'])('keeps everything as it is by %s', (by) => {
    const tokens = tokensOf({ features: features(6), logits: noise(6, 6), grid: { rows: 2, columns: 3 } })
    expect(seen(fopru(`keep=1,by=${by}`), tokens)).toMatchObject({
      kept: [0, 1, 2, 3, 4, 5],
      states: seen(parseMethod('dense'), tokens).states,
    })
  })

  it('refuses shares that are none', () => {
    for (const keep of [0, 1.5, -1, Number.NaN]) expect(() => fopru(`keep=${keep}`)).toThrow(/option keep/)
  })
})
