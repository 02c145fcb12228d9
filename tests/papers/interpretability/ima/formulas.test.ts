import { describe, expect, it } from 'vitest'
import {
  distribution,
  divergence,
  entropy,
  globalSimilarity,
  imaScore,
  setSimilarity,
  tokenSimilarity,
} from '../../../../src/papers/interpretability/ima/similarity.ts'
import {
  activationNorms,
  chanceIou,
  density,
  keepMask,
  maskIou,
  sharedMask,
} from '../../../../src/papers/interpretability/ima/wanda.ts'

describe('similarity', () => {
  const p = [
    [1, 0],
    [0, 2],
  ]
  const t = [[3, 0]]
  it('is the mean cosine of all pairs, whatever the lengths', () => {
    expect(setSimilarity(p, t)).toBeCloseTo(0.5)
    expect(setSimilarity([[7, 0]], t)).toBe(1)
    expect(globalSimilarity(p, t)).toBeCloseTo(1 / Math.sqrt(5))
  })

  it('is reduced over tokens in five ways', () => {
    const reduced = (['mean', 'median', 'max', 'min', 'row-max'] as const).map((by) => tokenSimilarity(p, t, by))
    expect(reduced).toEqual([0.5, 0.5, 1, 0, 0.5])
  })

  it('is averaged over layers, with the image there or as it came in', () => {
    const sides = { visual: [[[1, 0]], [[0, 1]]], text: [[[1, 0]], [[1, 0]]] }
    expect(imaScore(sides)).toBe(0.5)
    expect(imaScore(sides, 'input')).toBe(1)
  })

  it('of distributions is no less than zero, and zero of equal ones', () => {
    const [a, b] = [distribution([0, 0]), distribution([0, Math.log(3)])]
    expect(b[1]).toBeCloseTo(0.75)
    expect(entropy(a)).toBeCloseTo(Math.log(2))
    expect(divergence(a, a)).toBe(0)
    expect(divergence(a, b)).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3))
  })
})

describe('masks', () => {
  it('keep the largest of each row: the example worked by hand', () => {
    expect([...keepMask({ rows: 2, columns: 2, data: [3, 1, -1, 2] }, [1, 4], 0.5)]).toEqual([0, 1, 0, 1])
    expect([...keepMask({ rows: 1, columns: 3, data: [1, 1, 1] }, [1, 1, 1], 0.34)]).toEqual([0, 1, 1])
  })

  it('score inputs by the mean over samples, not tokens', () => {
    expect(
      activationNorms([
        [4, 0],
        [12, 2],
      ]),
    ).toEqual([Math.sqrt(8), 1])
  })

  it('overlap and are shared', () => {
    const [a, b] = [Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 1, 0)]
    expect(maskIou(a, b)).toBeCloseTo(1 / 3)
    expect([...sharedMask([a, b])]).toEqual([1, 0, 0, 0])
    expect(density(sharedMask([a, a]))).toBe(0.5)
    expect([chanceIou(0.5), chanceIou(0.3)].map((x) => x.toFixed(3))).toEqual(['0.333', '0.538'])
  })
})
