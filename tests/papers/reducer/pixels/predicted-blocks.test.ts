import { describe, expect, it } from 'vitest'
import { type Prediction, unpredicted } from '../../../../src/papers/reducer/pixels/predicted-blocks.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { Rng } from '../../../../src/world/rng.ts'
import { numbers } from '../../../pipeline/frames-of.ts'

const exact: Prediction = { tau: 0, metric: 'max', anchored: true }

function kept(rows: readonly (readonly number[])[], how: Partial<Prediction> = {}): number[] {
  const x = constant(rows.flat(), [rows.length, rows[0].length, 1])
  return numbers(unpredicted(x, { ...exact, ...how })).flatMap((is, at) => (is ? [at] : []))
}

/** The picture from what was kept, block by block; the rule as it is written. */
function reconstructed(rows: readonly (readonly number[])[], places: readonly number[], tau: number): number[][] {
  const w = rows[0].length
  const R = rows.map((row) => [...row])
  const same = (a: number, b: number) => Math.abs(Math.fround(a) - Math.fround(b)) <= tau
  for (const [r, row] of rows.entries())
    for (const c of row.keys()) {
      if (places.includes(r * w + c)) continue
      const [A, B, C] = [R[r][c - 1], R[r - 1]?.[c], R[r - 1]?.[c - 1]]
      if (r === 0) R[r][c] = A
      else if (c === 0) R[r][c] = B
      else R[r][c] = same(C, A) && !same(C, B) ? B : A
    }
  return R
}

const random = (seed: number, h: number, w: number, values: number) => {
  const rng = Rng.from(seed, 'blocks')
  return Array.from({ length: h }, () => Array.from({ length: w }, () => rng.int(0, values)))
}

describe('blocks that are not predicted', () => {
  it('are four corners of a rectangle, whatever its size: the example by hand', () => {
    const grid = Array.from({ length: 4 }, (_, r) =>
      Array.from({ length: 5 }, (_, c) => Number(r > 0 && r < 3 && c > 0 && c < 4)),
    )
    expect(kept(grid)).toEqual([0, 6, 9, 16])
  })

  it('are one at each border between two halves', () => {
    expect(kept([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])).toEqual([0, 2]) // biome-ignore format: rows
    expect(kept([[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]])).toEqual([0, 8]) // biome-ignore format: rows
  })

  it('is the first alone of one colour, and of a threshold above every distance', () => {
    expect(kept([[3, 3], [3, 3]])).toEqual([0]) // biome-ignore format: rows
    expect(kept(random(1, 4, 5, 1), { tau: 1 })).toEqual([0])
  })

  it('keep a ramp within tau where neighbours are reconstructed; errors add up where they are not', () => {
    const ramp = [[0, 0.04, 0.08, 0.12, 0.16, 0.2]]
    expect(kept(ramp, { tau: 0.05 })).toEqual([0, 2, 4])
    expect(kept(ramp, { tau: 0.05, anchored: false })).toEqual([0])
  })

  it('bring the picture back, exactly where tau is 0, within tau otherwise', () => {
    for (let seed = 0; seed < 12; seed++) {
      const rows = random(seed, 5, 6, 1)
      const places = kept(rows)
      expect(kept(rows, { anchored: false })).toEqual(places)
      expect(reconstructed(rows, places, 0)).toEqual(rows)
      const fine = random(seed, 5, 6, 9).map((row) => row.map((value) => value / 10))
      const back = reconstructed(fine, kept(fine, { tau: 0.25 }), 0.25)
      for (const [r, row] of fine.entries())
        for (const [c, value] of row.entries()) expect(Math.abs(back[r][c] - value)).toBeLessThan(0.25)
    }
  })

  it('are measured by the largest, the mean or the root of the mean square of what differs', () => {
    const pair = (how: Partial<Prediction>) => {
      const x = constant([0, 0, 0, 0, 0.4, 0, 0, 0], [1, 2, 4])
      return numbers(unpredicted(x, { ...exact, ...how }))[1]
    }
    expect([pair({ tau: 0.3 }), pair({ tau: 0.41 })]).toEqual([1, 0])
    expect([pair({ tau: 0.09, metric: 'mean' }), pair({ tau: 0.11, metric: 'mean' })]).toEqual([1, 0])
    expect([pair({ tau: 0.19, metric: 'rms' }), pair({ tau: 0.21, metric: 'rms' })]).toEqual([1, 0])
  })
})
