import { expect, it } from 'vitest'
import { largestShare, windowWinners } from '../../../../src/papers/reducer/frames/window-winners.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { Rng } from '../../../../src/world/rng.ts'
import { numbers } from '../../../pipeline/frames-of.ts'

const share = (r: number) => constant([r], [])
const placesOf = (mask: ReturnType<typeof windowWinners>) => numbers(mask).flatMap((bit, at) => (bit ? [at] : []))

it('takes one of each window: n = 196, r = .275 are 54 windows, 34 of 4 places and 20 of 3', () => {
  const rng = Rng.from(1, 'windows')
  const scores = constant(
    Array.from({ length: 196 }, () => rng.float()),
    [1, 196],
  )
  const places = placesOf(windowWinners(scores, share(0.275)))
  expect(places).toHaveLength(54)
  const windowOf = (at: number) => (at < 136 ? Math.floor(at / 4) : 34 + Math.floor((at - 136) / 3))
  expect(places.map(windowOf)).toEqual([...Array(54).keys()])
  expect(numbers(largestShare(scores, share(0.275))).filter(Boolean)).toHaveLength(54)
})

it('gives what draws all attention one place of a window, where the largest would take it all', () => {
  const scores = constant([9, 8, 7, 1, 2, 1, 1, 3], [1, 8])
  expect(placesOf(windowWinners(scores, share(0.5)))).toEqual([0, 2, 4, 7])
  expect(placesOf(largestShare(scores, share(0.5)))).toEqual([0, 1, 2, 7])
})

it('is all of them at r = 1, one at r near 0, and the first of equal ones', () => {
  const scores = constant([1, 1, 1, 1, 1, 2, 1, 1, 1, 1], [2, 5])
  expect(placesOf(windowWinners(scores, share(1)))).toHaveLength(10)
  expect(placesOf(windowWinners(scores, share(0.01)))).toEqual([0, 5])
  expect(placesOf(windowWinners(scores, share(0.4)))).toEqual([0, 3, 5, 8])
})
