import { describe, expect, it } from 'vitest'
import { planePositions } from '../../../src/models/connectors/plane-positions.ts'
import { roiAlignMatrix } from '../../../src/models/connectors/roi-align.ts'

/** Samples of a map, by rows of the matrix. */
function sampled(map: readonly number[], matrix: Float32Array): number[] {
  return Array.from({ length: matrix.length / map.length }, (_, row) =>
    map.reduce((sum, value, at) => sum + value * matrix[row * map.length + at], 0),
  )
}

describe('RoIAlign over the cells of a grid', () => {
  const grid = { rows: 4, columns: 4 }
  const columns = Array.from({ length: 16 }, (_, patch) => patch % 4)

  it('samples the middle of each bin, without a shift by half a patch, and no further than the last', () => {
    const places = sampled(columns, roiAlignMatrix(grid, 2, { rows: 1, columns: 3 }))
    const expected = [1 / 3, 1, 5 / 3, 7 / 3, 3, 3] // 3 and 2/3 lies behind the last patch
    for (const [at, place] of places.slice(0, 6).entries()) expect(place).toBeCloseTo(expected[at], 6)
  })

  it('takes the mean of several samples where a bin is wider than a patch', () => {
    const places = sampled(columns, roiAlignMatrix(grid, 1, { rows: 1, columns: 2 }))
    expect(places[0]).toBeCloseTo((0.5 + 1.5) / 2, 6)
    expect(places[1]).toBeCloseTo((2.5 + 3) / 2, 6)
  })

  it('has cells of at least one patch', () => {
    const places = sampled(columns, roiAlignMatrix(grid, 8, { rows: 1, columns: 1 }))
    expect(places.slice(0, 3)).toEqual([0.5, 1, 1.5])
  })

  it('weighs everything to 1', () => {
    const matrix = roiAlignMatrix({ rows: 22, columns: 26 }, 12, { rows: 3, columns: 4 })
    expect(matrix).toHaveLength(144 * 12 * 22 * 26)
    for (const sum of sampled(new Array(22 * 26).fill(1), matrix)) expect(sum).toBeCloseTo(1, 5)
  })
})

it('positions in the plane turn with the column in their first half and with the row in the other', () => {
  const table = planePositions(3, 8)
  const cell = Array.from(table.subarray((2 * 3 + 1) * 8, (2 * 3 + 2) * 8)) // row 2, column 1
  const expected = [1, 2].flatMap((place) => [
    Math.sin(place),
    Math.sin(place / 100),
    Math.cos(place),
    Math.cos(place / 100),
  ])
  for (const [at, value] of cell.entries()) expect(value).toBeCloseTo(expected[at], 6)
})
