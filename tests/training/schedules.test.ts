import { expect, it } from 'vitest'
import { cosine, warmupStableDecay } from '../../src/training/schedules.ts'

const at = (schedule: ReturnType<typeof cosine>, steps: readonly number[], total: number) =>
  steps.map((step) => schedule(step, total))

it('a cosine warms up, and ends at its least: m + (1 - m) (1 + cos(pi q)) / 2', () => {
  expect(at(cosine(4), [0, 3, 4, 9, 14], 14)).toEqual([0.25, 1, 1, expect.closeTo(0.5, 9), expect.closeTo(0, 9)])
  const [low, top, middle, end] = at(cosine(4, 0.2), [0, 4, 9, 14], 14)
  expect(low).toBe(0.25) // the way up has no floor
  expect([top, middle, end]).toEqual([1, expect.closeTo(0.6, 9), expect.closeTo(0.2, 9)])
})

it('a plateau comes down over its last share', () => {
  expect(at(warmupStableDecay(2, 0.5), [0, 1, 5, 7.5, 10], 10)).toEqual([0.5, 1, 1, 0.5, 0])
})
