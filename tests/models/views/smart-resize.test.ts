import { describe, expect, it } from 'vitest'
import { parsePreprocessor } from '../../../src/models/views/image-processor.ts'
import { pixelRange, smartResize } from '../../../src/models/views/smart-resize.ts'

const range = { factor: 28, least: 56 * 56, most: 28 * 28 * 16 }
const at = (width: number, height: number) => smartResize({ width, height }, range)

describe('smart resize', () => {
  it('rounds both sides to the nearest multiple, halves to the even one', () => {
    expect(at(100, 70)).toEqual({ width: 112, height: 56 }) // 70 / 28 = 2.5
    expect(at(98, 60)).toEqual({ width: 112, height: 56 }) // 98 / 28 = 3.5
  })

  it('shrinks what has too many pixels and grows what has too few, at nearly the same aspect', () => {
    expect(at(640, 480)).toEqual({ width: 112, height: 84 })
    expect(at(30, 20)).toEqual({ width: 84, height: 56 })
    expect(at(10, 8)).toEqual({ width: 84, height: 56 }) // both sides round to 0
  })

  it('leaves a long image one cell wide rather than none', () => {
    expect(at(28 * 150, 28)).toEqual({ width: 1344, height: 28 })
  })

  it('refuses an image that is all length', () => {
    expect(() => at(2010, 10)).toThrow(expect.objectContaining({ code: 'image_aspect', kind: 'input' }))
  })
})

describe('the range of pixels', () => {
  const channels = { image_mean: [0, 0, 0], image_std: [1, 1, 1] }
  const rangeOf = (more: object) => pixelRange(28, parsePreprocessor({ ...channels, ...more }, 'model'))

  it.each([
    [{ min_pixels: 100, max_pixels: 900 }],
    [{ size: { min_pixels: 100, max_pixels: 900 } }],
    [{ size: { shortest_edge: 100, longest_edge: 900 } }],
    [{ size: { shortest_edge: 100, longest_edge: 800 }, max_pixels: 900 }],
  ])('is read from %j', (fields) => {
    expect(rangeOf(fields)).toEqual({ factor: 28, least: 100, most: 900 })
  })

  it('has the default of the reference', () => {
    expect(rangeOf({})).toEqual({ factor: 28, least: 3136, most: 1003520 })
    expect(pixelRange(28)).toEqual({ factor: 28, least: 3136, most: 1003520 })
  })
})
