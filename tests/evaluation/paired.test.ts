import { describe, expect, it } from 'vitest'
import { type Pair, pairedDifference } from '../../src/evaluation/paired.ts'
import { Rng } from '../../src/world/rng.ts'

const pairsOf = (differences: readonly number[], stratum = 'task'): Pair[] =>
  differences.map((difference, cluster) => ({ stratum, cluster, first: difference, second: 0 }))

describe('pairedDifference', () => {
  it('gives the percentiles that five differences have by hand', () => {
    // Four are drawn of (0, 0, 0, 0, 1); the number of ones is binomial (4, 1/5): none 41 %, two or more 18 %, three or
    // more 2.7 %, four 0.2 %.
    const found = pairedDifference(pairsOf([0, 0, 0, 0, 1]), { draws: 20_000 })
    expect(found).toEqual({ mean: 0.2, low: 0, high: 0.75, pairs: 5 })
  })

  it('has no spread where all differences are alike, and is the same for the same seed', () => {
    expect(pairedDifference(pairsOf([1, 1, 1]))).toEqual({ mean: 1, low: 1, high: 1, pairs: 3 })
    const pairs = pairsOf(Array.from({ length: 30 }, (_, at) => (at % 3) - 1))
    expect(pairedDifference(pairs, { seed: 4 })).toEqual(pairedDifference(pairs, { seed: 4 }))
  })

  it('counts tasks alike, however many questions they have', () => {
    const pairs = [...pairsOf([1, 1, 1, 1, 1, 1], 'many'), ...pairsOf([0, 0], 'few')]
    expect(pairedDifference(pairs)).toMatchObject({ mean: 0.5, low: 0.5, high: 0.5 })
  })

  it('knows a spread where each task has one image', () => {
    const pairs = [0, 1, 1, 1, 0, 1].map((first, task) => ({ stratum: `${task}`, cluster: 0, first, second: 0 }))
    const { mean, low, high } = pairedDifference(pairs)
    expect(mean).toBeCloseTo(2 / 3)
    expect(low).toBeLessThan(0.3)
    expect(high).toBe(1)
  })

  it('draws the questions of an image together', () => {
    const rng = Rng.from(1, 'images')
    const images = Array.from({ length: 40 }, () => rng.int(0, 1))
    const once = pairedDifference(pairsOf(images))
    const thrice = pairedDifference(
      images.flatMap((first, cluster) => [0, 1, 2].map(() => ({ stratum: 'task', cluster, first, second: 0 }))),
    )
    expect(thrice).toEqual({ ...once, pairs: 120 }) // repeating a question about an image adds no certainty
  })

  it('covers the true difference about 95 times in a hundred', () => {
    const rng = Rng.from(2, 'coverage')
    const truth = 0.7 - 0.5
    let covered = 0
    for (let trial = 0; trial < 400; trial++) {
      const pairs = Array.from({ length: 80 }, (_, cluster) => ({
        stratum: cluster % 2 ? 'a' : 'b',
        cluster,
        first: Number(rng.chance(0.7)),
        second: Number(rng.chance(0.5)),
      }))
      const { low, high } = pairedDifference(pairs, { seed: trial, draws: 400 })
      if (low <= truth && truth <= high) covered++
    }
    expect(covered / 400).toBeGreaterThan(0.91)
    expect(covered / 400).toBeLessThan(0.985)
  })

  it('is right with four images a task', () => {
    const rng = Rng.from(3, 'coverage')
    let covered = 0
    for (let trial = 0; trial < 300; trial++) {
      const pairs = Array.from({ length: 48 }, (_, cluster) => {
        const first = Number(rng.chance(0.6))
        return { stratum: `${cluster % 12}`, cluster, first, second: Number(rng.chance(0.6)) }
      })
      const { low, high } = pairedDifference(pairs, { seed: trial, draws: 400 })
      if (low <= 0 && 0 <= high) covered++
    }
    expect(covered / 300).toBeGreaterThan(0.9)
  })

  it('is refused for less than two images', () => {
    expect(() => pairedDifference([])).toThrow('one image has no spread')
    expect(() => pairedDifference(pairsOf([1]))).toThrow('measure at least two')
  })
})
