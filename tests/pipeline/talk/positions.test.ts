import { describe, expect, it } from 'vitest'
import type { EncodedView } from '../../../src/pipeline/flow/vision-program.ts'
import { layout } from '../../../src/pipeline/talk/layout.ts'
import { f32 } from '../../../src/runtime/index.ts'

const IMAGE = 9

/** A view of 2 rows and 3 columns whose patches went into the tokens that `owner` says. */
const view = (tokens: number, owner: readonly number[]): EncodedView => ({
  embeds: f32([tokens, 1], new Float32Array(tokens)),
  owner,
  memory: {},
  signals: {},
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
