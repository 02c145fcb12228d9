import { expect, it } from 'vitest'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { contrastive } from '../../../src/training/objectives/contrastive.ts'

const loss = (rows: readonly (readonly number[])[], tau: number): number =>
  evaluate([contrastive(constant(rows.flat(), [rows.length, rows[0].length]), constant([tau], []))], new Map())[0]
    .data[0]

const pairs = [
  [1, 0],
  [0, 1],
  [1, 0],
  [0, 1],
]

it('two pairs of equal vectors at right angles: log(1 + 2 / e), and next to nothing when sharpened', () => {
  expect(loss(pairs, 0)).toBeCloseTo(Math.log(1 + 2 / Math.E), 5)
  expect(loss(pairs, 3)).toBeLessThan(1e-6)
})

it('does not see how long the vectors are, nor which half came first', () => {
  const rows = [
    [1, 2, 3],
    [0, 1, -1],
    [2, 2, 2],
    [1, 1, -3],
  ]
  const swapped = [rows[2], rows[3], rows[0], rows[1]]
  expect(loss(swapped, 0.5)).toBeCloseTo(loss(rows, 0.5), 5)
  expect(loss([rows[0].map((x) => 7 * x), ...rows.slice(1)], 0.5)).toBeCloseTo(loss(rows, 0.5), 5)
  expect(loss([rows[0].map((x) => -x), ...rows.slice(1)], 0.5)).not.toBeCloseTo(loss(rows, 0.5), 3)
})

it('is like nothing where a vector is zero', () => {
  const [, ...others] = pairs
  expect(loss([[0, 0], ...others], 0)).toBeCloseTo((Math.log(3) + Math.log(1 + 2 / Math.E)) / 2, 5)
})
