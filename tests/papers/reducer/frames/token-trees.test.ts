import { expect, it } from 'vitest'
import { type TreeOptions, tokenTrees } from '../../../../src/papers/reducer/frames/token-trees.ts'
import { segmentsOf } from '../../../../src/pipeline/method/segments.ts'
import { constant, equal } from '../../../../src/tensor/index.ts'
import { angle, numbers, rowsOf, tokensOf } from '../../../pipeline/frames-of.ts'

function trees(
  frames: number[][][],
  options: Partial<TreeOptions> = {},
  scenes?: readonly number[],
  taken: number[] = [],
) {
  const { states } = tokensOf(frames)
  const [t, n] = [frames.length, frames[0].length]
  const isFree = Array.from({ length: t * n }, (_, at) => Number(!taken.includes(at)))
  const numbersOf = constant(scenes ?? Array(t).fill(0), [t], 'i64')
  const how = { tau: 0.8, least: 0, tree: 'mean' as const, ...options }
  const found = tokenTrees(states, equal(constant(isFree, [t, n]), 1), segmentsOf(numbersOf), how)
  const roots = numbers(found.isRoot).flatMap((is, at) => (is ? [at] : []))
  return { roots, root: numbers(found.root), states: rowsOf(found.states) }
}

const hand = [[0, 90], [84, 10], [20, 170]].map((frame) => frame.map(angle)) // biome-ignore format: frames
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 3))

it('finds the trees of the example by hand: six tokens become three', () => {
  const found = trees(hand)
  expect(found.roots).toEqual([0, 1, 5])
  expect(found.root).toEqual([0, 1, 1, 0, 0, 5])
  expect(found.states[0]).toEqual(near([0.9748, 0.1719]))
  expect(found.states[1]).toEqual(near([0.0523, 0.9973]))
})

it('released: a chain of three grows', () => {
  const found = trees(hand, { tree: 'released' })
  expect(found.states[0]).toEqual(near([1.4623, 0.2578]))
  expect(found.states[1]).toEqual(near([0.0523, 0.9973]))
})

it('follows a thing that moves a place a frame', () => {
  const frames = Array.from({ length: 4 }, (_, t) =>
    Array.from({ length: 4 }, (_, l) => angle(l === t ? 90 : 200 + 37 * t)),
  )
  const { root } = trees(frames, { tau: 0.99 })
  expect([0, 5, 10, 15].map((place) => root[place])).toEqual([0, 0, 0, 0])
})

it('links nothing over a cut, nor to or from what is chosen', () => {
  const still = Array.from({ length: 4 }, () => [angle(0), angle(90)])
  expect(trees(still, {}, [0, 0, 1, 1]).roots).toEqual([0, 1, 4, 5])
  expect(trees(still, {}, undefined, [2]).roots).toEqual([0, 1, 4])
})

it('makes no more links than leave what is wanted, the most alike first', () => {
  const still = Array.from({ length: 4 }, () => [angle(0), angle(90)])
  const { roots } = trees(still, { least: 1 }) // six links would leave two of eight; 4 (2 - 1) - 1 = 3 are made
  expect(roots).toHaveLength(5)
  expect(trees(still, { least: 2 }).roots).toHaveLength(8)
})

it('has every token in one tree, and a mean of equal ones is that', () => {
  const still = Array.from({ length: 5 }, () => [angle(10), angle(100), angle(190)])
  const { roots, root, states } = trees(still)
  expect(roots).toEqual([0, 1, 2])
  expect(root.every((place) => roots.includes(place))).toBe(true)
  expect(states[1]).toEqual(near(angle(100)))
})
