import { expect, it } from 'vitest'
import { diverseTokens } from '../../../../src/papers/reducer/frames/diverse-tokens.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { angle, numbers } from '../../../pipeline/frames-of.ts'

const chosen = (tokens: readonly (readonly number[])[], weights: readonly number[], count: number) => {
  const n = tokens.length
  const mask = numbers(diverseTokens(constant(tokens.flat(), [1, n, 2]), constant(weights, [1, n]), count))
  return mask.flatMap((is, at) => (is ? [at] : []))
}

const four = [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]] // biome-ignore format: tokens

it('chooses the example by hand: 0, then 2, then 1', () => {
  const weights = [0.4, 0.3, 0.2, 0.1]
  expect([1, 2, 3, 4].map((count) => chosen(four, weights, count))).toEqual([[0], [0, 2], [0, 1, 2], [0, 1, 2, 3]])
  expect(chosen(four, weights, 0)).toEqual([])
})

it('chooses none twice, be weights below zero', () => {
  expect(chosen([0, 30, 70, 120, 200].map(angle), [-1, -2, -3, -4, -5], 4)).toHaveLength(4)
})
