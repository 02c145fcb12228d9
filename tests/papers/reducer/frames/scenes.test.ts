import { expect, it } from 'vitest'
import { cutBelow, cutLeast, transitions } from '../../../../src/papers/reducer/frames/scenes.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { angle, numbers, tokensOf } from '../../../pipeline/frames-of.ts'

const alike = [0.97, 0.85, 0.99, 0.93, 0.96, 0.98, 0.99]
const values = constant(alike, [7])

it('cuts below the threshold, and where it is least alike until there are enough scenes', () => {
  expect(numbers(cutBelow(values, 4, 0.9))).toEqual([0, 0, 1, 1, 2, 3, 3, 3]) // behind 1, 3 and 4
  expect(numbers(cutBelow(values, 1, 0.9))).toEqual([0, 0, 1, 1, 1, 1, 1, 1])
  expect(numbers(cutBelow(values, 1, 0.98))).toEqual([0, 1, 2, 2, 3, 4, 4, 4])
  expect(numbers(cutBelow(values, 100, 0.9))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

it('cuts at so many least alike transitions, and below the threshold', () => {
  expect(numbers(cutLeast(values, 3, 0.9))).toEqual([0, 0, 1, 1, 2, 2, 2, 2])
  expect(numbers(cutLeast(values, 1, 0.94))).toEqual([0, 0, 1, 1, 2, 2, 2, 2])
  expect(numbers(cutLeast(values, 100, 0))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

it('has one scene of one frame', () => {
  const one = transitions(tokensOf([[angle(0)]]).states)
  expect([numbers(cutBelow(one, 4, 0.9)), numbers(cutLeast(one, 4, 0.9))]).toEqual([[0], [0]])
})

it('compares the means of frames', () => {
  const [first, second] = numbers(transitions(tokensOf([[angle(0)], [angle(60)], [angle(60)]]).states))
  expect([first, second]).toEqual([expect.closeTo(0.5, 5), expect.closeTo(1, 5)])
})
