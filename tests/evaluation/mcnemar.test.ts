import { expect, it } from 'vitest'
import { mcnemar } from '../../src/evaluation/mcnemar.ts'

it('McNemar: the exact two-sided binomial tail', () => {
  expect(mcnemar(0, 0)).toBe(1)
  expect(mcnemar(3, 3)).toBe(1)
  expect(mcnemar(5, 0)).toBeCloseTo(2 / 32)
  expect(mcnemar(1, 7)).toBeCloseTo((2 * (1 + 8)) / 256)
  expect(mcnemar(7, 1)).toBeCloseTo(mcnemar(1, 7))
  // thousands of disagreements neither overflow nor vanish
  expect(mcnemar(1000, 1100)).toBeCloseTo(0.0309, 3)
})
