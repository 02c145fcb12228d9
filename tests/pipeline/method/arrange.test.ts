import { expect, it } from 'vitest'
import { keepArranged } from '../../../src/pipeline/method/arrange.ts'
import { constant } from '../../../src/tensor/index.ts'
import { numbersIn, sequenceOf } from '../../papers/site.ts'

/** Two pictures of two tokens each, with a word before, between and behind them. */
const seq = sequenceOf({
  visual: [[1, 2, 4, 5]],
  states: [0, 10, 11, 1, 20, 21, 2],
  length: 7,
  tags: {
    view: [[-1, 0, 0, -1, 1, 1, -1]],
    row: [[-1, 0, 0, -1, 0, 0, -1]],
    column: [[-1, 0, 1, -1, 0, 1, -1]],
  },
})

const arranged = (order: number[], ids: 'keep' | 'pack') => {
  const indices = constant(order, [1, order.length], 'i64')
  const states = constant(
    order.map((at) => [10, 11, 20, 21][at] + 100),
    [1, order.length, 1],
  )
  const { states: all, positions, source, visual, tags } = keepArranged(seq, indices, states, 'test', ids)
  const [rows, places, from, slots, columns] = numbersIn([all, positions, source, visual, tags!.column!])
  return { rows, places, from, slots, columns }
}

it('keeps the order that was asked for within each picture, and words between them', () => {
  expect(arranged([3, 1, 0], 'keep')).toEqual({
    rows: [0, 111, 110, 1, 121, 2],
    places: [0, 2, 1, 3, 5, 6],
    from: [1, 0, 3],
    slots: [1, 2, 4],
    columns: [-1, 1, 0, -1, 1, -1],
  })
})

it('closes up', () => {
  expect(arranged([3, 1, 0], 'pack')).toMatchObject({ rows: [0, 111, 110, 1, 121, 2], places: [0, 1, 2, 3, 4, 5] })
})
