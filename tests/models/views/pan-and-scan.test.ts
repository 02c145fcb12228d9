import { describe, expect, it } from 'vitest'
import { panAndScan } from '../../../src/models/views/pan-and-scan.ts'

const image = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 3) })
const options = {
  pan_and_scan_min_crop_size: 10,
  pan_and_scan_max_num_crops: 4,
  pan_and_scan_min_ratio_to_activate: 1.2,
}
const boxes = (width: number, height: number) =>
  panAndScan(image(width, height), options).map(({ box: { left, top, width, height } }) => [left, top, width, height])

describe('panAndScan', () => {
  it('cuts along the longer side, the last part being the rest', () => {
    expect(boxes(50, 20)).toEqual([
      [0, 0, 17, 20],
      [17, 0, 17, 20],
      [34, 0, 16, 20],
    ])
    expect(boxes(14, 30)).toEqual([
      [0, 0, 14, 15],
      [0, 15, 14, 15],
    ])
  })

  it('cuts into as many parts as may be', () => {
    expect(boxes(200, 20)).toHaveLength(4)
  })

  it('cuts nothing that is nearly square, or would be too small', () => {
    expect(boxes(22, 20)).toEqual([])
    expect(boxes(18, 12)).toEqual([])
    expect(boxes(60, 9)).toEqual([])
  })
})
