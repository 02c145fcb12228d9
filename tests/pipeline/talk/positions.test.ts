import { describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Placement } from '../../../src/pipeline/method/placement.ts'
import { layout } from '../../../src/pipeline/talk/layout.ts'
import { placedBy } from '../../../src/pipeline/talk/positions.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { tinyConfig } from '../tiny-model.ts'

const IMAGE = 9

/** A view of 2 rows and 3 columns whose patches went into the tokens that `owner` says. */
const view = (tokens: number, owner: readonly number[]): EncodedView => ({
  embeds: f32([tokens, 1], new Float32Array(tokens)),
  owner,
  memory: {},
  signals: {},
  changedBy: [],
  grid: { rows: 2, columns: 3 },
  milliseconds: 0,
  cost: { flops: 0, bytes: 0 },
})
const whole = view(6, [0, 1, 2, 3, 4, 5])

describe('positions of a chunk', () => {
  it('follow one another on one axis', () => {
    const { positions, end } = layout([7, IMAGE, 8], IMAGE, [whole], 5)
    expect(positions).toEqual([5, 6, 7, 8, 9, 10, 11, 12])
    expect(end).toBe(13)
  })

  it('are time, row and column on three; text goes on behind the longer side of the view', () => {
    const { positions, end } = layout([7, IMAGE, 8], IMAGE, [whole], 5, { axes: 3 })
    const rows = [
      [5, 5, 5],
      [6, 6, 6],
      [6, 6, 7],
      [6, 6, 8],
      [6, 7, 6],
      [6, 7, 7],
      [6, 7, 8],
      [9, 9, 9],
    ]
    expect(positions).toEqual(rows.flat())
    expect(end).toBe(10)
  })

  it('stay where the patches were that a token kept or was merged of', () => {
    // patches 0 and 4 were merged, 2 was kept; a third token stands for no patch
    const { positions } = layout([IMAGE], IMAGE, [view(3, [0, -1, 1, -1, 0, -1])], 0, { axes: 3 })
    expect(positions).toEqual([0, 0.5, 0.5, 0, 0, 2, 0, 0.5, 1])
  })
})

describe('positions under a method', () => {
  /** Every second position, whatever the model does. */
  const spread: Method = {
    name: 'spread',
    read: {
      positions: (own) => {
        const slots = own.slots.map((slot, at) => ({ ...slot, place: [own.start + 2 * at] }))
        return { ...own, slots, end: own.start + 2 * slots.length }
      },
    },
  }
  const place = (own: Placement) => placedBy(spread, llava.bind(tinyConfig(64)), own)

  it('are asked for with what each slot is, and say where the next chunk goes on', () => {
    let seen: Placement | undefined
    const { positions, end, order, tags } = layout([7, IMAGE, 8], IMAGE, [whole], 5, {
      place: (own) => {
        seen = own
        return place(own)
      },
    })
    expect(seen!.slots.map(({ kind, view, row, column }) => `${kind} ${view} ${row} ${column}`)).toEqual([
      'text -1 -1 -1',
      ...['0 0', '0 1', '0 2', '1 0', '1 1', '1 2'].map((at) => `visual 0 ${at}`),
      'text -1 -1 -1',
    ])
    expect(seen!.views).toEqual([{ start: 6, end: 12 }])
    expect(positions).toEqual([5, 7, 9, 11, 13, 15, 17, 19])
    expect([end, order, tags!.view]).toEqual([21, [0, 2, 3, 4, 5, 6, 7, 1], [-1, 0, 0, 0, 0, 0, 0, -1]])
    expect(layout([4], IMAGE, [], end, { place }).positions).toEqual([21])
  })
})
