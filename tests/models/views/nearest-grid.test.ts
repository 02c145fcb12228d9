import { describe, expect, it } from 'vitest'
import { gridViews, nearestGrid, tilingOf } from '../../../src/models/views/nearest-grid.ts'

const tiling = (least: number, most: number) => ({ tile: 448, least, most })
const image = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 3) })

describe('nearestGrid', () => {
  it('takes the shape nearest to the image', () => {
    expect(nearestGrid({ width: 1000, height: 300 }, tiling(1, 12))).toEqual({ rows: 1, columns: 3 })
    expect(nearestGrid({ width: 300, height: 1000 }, tiling(1, 12))).toEqual({ rows: 3, columns: 1 })
  })

  it('takes more tiles of the same shape where the image fills more than half of them', () => {
    const side = Math.sqrt(0.5 * 448 * 448 * 4)
    expect(nearestGrid({ width: side, height: side }, tiling(1, 12))).toEqual({ rows: 1, columns: 1 })
    expect(nearestGrid({ width: side + 1, height: side + 1 }, tiling(1, 12))).toEqual({ rows: 2, columns: 2 })
  })

  it('keeps to the least number of tiles', () => {
    expect(nearestGrid({ width: 10, height: 10 }, tiling(2, 4))).toEqual({ rows: 2, columns: 2 })
  })
})

describe('gridViews', () => {
  it('cuts row by row and adds the whole image', () => {
    const views = gridViews(image(90, 60), { tile: 6, least: 1, most: 6 })
    expect(views.map(({ tile }) => tile && [tile.row, tile.column])).toEqual([
      ...[1, 2].flatMap((row) => [1, 2, 3].map((column) => [row, column])),
      undefined,
    ])
  })

  it('is one view of one tile', () => {
    expect(gridViews(image(90, 60), { tile: 6, least: 1, most: 1 })).toHaveLength(1)
  })
})

describe('tilingOf', () => {
  it('refuses tiles that are not squares', () => {
    const processor = { size: { height: 28, width: 42 } } as Parameters<typeof tilingOf>[0]
    expect(() => tilingOf(processor, 28)).toThrow('tiles must be squares, the image processor makes 28 x 42')
  })
})
