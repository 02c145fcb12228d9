import { describe, expect, it } from 'vitest'
import {
  assign,
  coarseVector,
  distanceGain,
  fineVector,
  matchAtoms,
  ownersOf,
  relativeNorm,
  shiftsOf,
} from '../../../../src/papers/interpretability/xl-vlms/shift.ts'
import { mean, norm, randomLike } from '../../../../src/papers/interpretability/xl-vlms/vectors.ts'
import { Rng } from '../../../../src/world/rng.ts'

describe('shifts', () => {
  it('are the mean change of what a concept owns: (1,0), (3,0) to (1,2), (3,4) gives (0,3)', () => {
    const concepts = {
      atoms: [
        [2, 0],
        [50, 50],
      ],
      activations: [
        [1, 0],
        [-1, 0.5],
      ],
    }
    const before = [
      [1, 0],
      [3, 0],
    ]
    const after = [
      [1, 2],
      [3, 4],
    ]
    expect(ownersOf(concepts)).toEqual([0, 0]) // by size, whatever the sign
    // The second concept owns nothing and is left out.
    expect(shiftsOf(concepts, before, after)).toEqual([
      { concept: 0, samples: 2, delta: [0, 3], shifted: [2, 3], consistency: 1 },
    ])
    expect(shiftsOf(concepts, before, after, 2)[0].shifted).toEqual([2, 6])
    expect(
      shiftsOf(concepts, before, [
        [2, 0],
        [2, 0],
      ])[0],
    ).toMatchObject({ delta: [0, 0], consistency: 0 })
  })

  it('recover all of the way, half of it, or lead away', () => {
    expect(distanceGain([0, 0], [4, 0], [4, 0])).toBe(1)
    expect(distanceGain([0, 0], [2, 0], [4, 0])).toBe(0.5)
    expect(distanceGain([0, 0], [-4, 0], [4, 0])).toBe(-1)
    expect(distanceGain([1, 1], [5, 5], [1, 1])).toBe(0)
  })
})

describe('matching', () => {
  it('takes each partner once, though two would like the same', () => {
    const a = [
      [1, 0],
      [1, 0.1],
    ]
    expect(
      matchAtoms(a, [
        [0, 1],
        [1, 0],
      ]),
    ).toEqual([1, 0])
  })

  it('is the cheapest of all, as trying every one shows', () => {
    const rng = Rng.from(4, 'costs')
    for (let round = 0; round < 20; round++) {
      const costs = Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => rng.float(-1, 1)))
      const total = (columns: readonly number[]) => columns.reduce((sum, column, row) => sum + costs[row][column], 0)
      const best = Math.min(...orders([0, 1, 2, 3, 4]).map(total))
      const found = assign(costs)
      expect([...found].sort()).toEqual([0, 1, 2, 3, 4])
      expect(total(found)).toBeCloseTo(best, 12)
    }
  })
})

const orders = (items: readonly number[]): number[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item) => orders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))

describe('vectors', () => {
  const source = [
    [0, 0],
    [2, 0],
  ]
  it('lead from the mean of the source to that of the target, and between concepts there and back', () => {
    expect(coarseVector(source, [[5, 5]])).toEqual([4, 5])
    expect(() => coarseVector([], source)).toThrow('the mean of no vectors')
    const concepts = { atoms: [...source, [0, 7]], activations: [] }
    expect(fineVector(concepts, 0, 2)).toEqual([0, 7])
    expect(fineVector(concepts, 2, 0)).toEqual([0, -7])
  })

  it('have a length beside that of states, and random ones as long', () => {
    expect(
      relativeNorm(
        [3, 4],
        [
          [10, 0],
          [0, 10],
        ],
      ),
    ).toBe(0.5)
    const vector = [3, 4, 0, 0]
    const random = randomLike(vector, 1, 'a')
    expect(norm(random)).toBeCloseTo(5, 12)
    expect(randomLike(vector, 1, 'a')).toEqual(random)
    expect(randomLike(vector, 1, 'b')).not.toEqual(random)
    expect(mean([vector])).toEqual(vector)
  })
})
