import { expect, it } from 'vitest'
import type { DecoderLayer } from '../../../../src/models/language/sequence.ts'
import { mergeVisual } from '../../../../src/papers/reducer/frames/merge-visual.ts'
import type { Sequence } from '../../../../src/pipeline/method/sequence.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { numbers } from '../../../pipeline/frames-of.ts'
import { sequenceOf } from '../../site.ts'

/** Four visual tokens and a word whose attention to them, in one head of one channel, falls from the first on. */
function given(states: readonly number[][]): Sequence {
  const seq = sequenceOf({ visual: [[0, 1, 2, 3]], states: [...states, [0, 0]].flat(), length: 5 })
  const heads = (values: number[]) => constant(values, [1, 1, 5, 1])
  const layer = { input: seq, queries: heads([0, 0, 0, 0, 1]), allKeys: heads([4, 3, 2, 1, 0]) }
  return { ...seq, ran: [layer as unknown as DecoderLayer] }
}
const merged = (merging: 'sequential' | 'mean', keep: number) => {
  const seq = given([[8, 0], [0, 8], [4, 0], [16, 0]]) // biome-ignore format: tokens
  return mergeVisual(seq, 1, keep, merging, 'test')
}

it('halves step by step, so that the last token weighs most; text stays', () => {
  const seq = merged('sequential', 0.5)
  expect(numbers(seq.visual)).toEqual([0, 1])
  // ((8 + 4) / 2 + 16) / 2
  expect(numbers(seq.states)).toEqual([11, 0, 0, 8, 0, 0].map((value) => expect.closeTo(value, 5)))
})

it('takes the mean of all that go into a token', () => {
  expect(numbers(merged('mean', 0.5).states)).toEqual([28 / 3, 0, 0, 8, 0, 0].map((value) => expect.closeTo(value, 5)))
})

it('changes nothing where all stay', () => {
  expect(numbers(merged('sequential', 1).states)).toEqual([8, 0, 0, 8, 4, 0, 16, 0, 0, 0])
})
