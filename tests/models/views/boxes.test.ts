import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localSource } from '../../../src/hub/model-source.ts'
import { readModel } from '../../../src/loading/node-read-model.ts'
import { type RgbImage, resizeImage } from '../../../src/media/image.ts'
import { parsePreprocessor, singleView } from '../../../src/models/views/image-processor.ts'
import type { View } from '../../../src/models/views/view.ts'

/** Colours that say where they are: red grows to the right, green downwards, and blue is full, which padding never is. */
function map(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.set([(255 * (x + 0.5)) / width, (255 * (y + 0.5)) / height, 255], 3 * (y * width + x))
  return { data, width, height }
}

/** A share of the image that a colour may be wrong by: resizing rounds, and at edges it mixes with padding. */
const TOLERANCE = 0.03
/** Places that are looked at, along a side. */
const PLACES = 9

/** Each place of a view shows what its box says that it shows, or padding where the box reaches beyond the image. */
function expectTrue(view: View, { width, height }: RgbImage): void {
  const { left, top, width: wide, height: high } = view.box ?? { left: 0, top: 0, width, height }
  const { data } = resizeImage(view.image, view.width, view.height, 'bilinear')
  for (let row = 0; row < PLACES; row++)
    for (let column = 0; column < PLACES; column++) {
      const [across, down] = [Math.floor((column * view.width) / PLACES), Math.floor((row * view.height) / PLACES)]
      const pixel = 3 * (down * view.width + across)
      const x = (left + ((across + 0.5) * wide) / view.width) / width
      const y = (top + ((down + 0.5) * high) / view.height) / height
      if (data[pixel + 2] < 250) expect(x < 0.06 || x > 0.94 || y < 0.06 || y > 0.94).toBe(true)
      else {
        expect(Math.abs(data[pixel] / 255 - x)).toBeLessThan(TOLERANCE)
        expect(Math.abs(data[pixel + 1] / 255 - y)).toBeLessThan(TOLERANCE)
      }
    }
}

const shapes = [
  [640, 200],
  [200, 640],
  [301, 300],
] as const

describe('views say which part of the image they show', () => {
  const root = 'tests/fixtures/families'

  it.each(readdirSync(root))('%s', async (name) => {
    const { architecture } = await readModel(await localSource(join(root, name)))
    const { views, viewsOfSeveral } = architecture.prompt
    for (const [width, height] of shapes) {
      const image = map(width, height)
      for (const cut of [views, viewsOfSeveral ?? views]) for (const view of cut(image)) expectTrue(view, image)
    }
  })

  const means = { image_mean: [0.5, 0.5, 0.5], image_std: [1, 1, 1] }
  it.each([
    ['a middle', { size: { shortest_edge: 96 }, do_center_crop: true, crop_size: { height: 96, width: 96 } }],
    ['a middle of what was not resized', { do_resize: false, do_center_crop: true, crop_size: 300 }],
    ['a middle of another shape', { size: 120, do_center_crop: true, crop_size: { height: 60, width: 110 } }],
    ['all of it', { size: { height: 96, width: 96 } }],
    ['a square with padding', { image_processor_type: 'LlavaImageProcessor', do_pad: true, size: 96 }],
    [
      'the middle of a square with padding',
      { image_processor_type: 'LlavaImageProcessor', do_pad: true, size: 128, do_center_crop: true, crop_size: 96 },
    ],
  ])('%s', (_, fields) => {
    const processor = parsePreprocessor({ ...means, ...fields }, 'folder')
    for (const [width, height] of shapes) expectTrue(singleView(map(width, height), processor, 96), map(width, height))
  })
})

it('a middle that is cut out leaves out what lies beside it', () => {
  const crop = { height: 100, width: 100 }
  const fields = { size: { shortest_edge: 100 }, do_center_crop: true, crop_size: crop }
  const processor = parsePreprocessor({ image_mean: [0, 0, 0], image_std: [1, 1, 1], ...fields }, 'folder')
  const { box } = singleView(map(640, 200), processor, 100)
  expect(box).toEqual({ left: 220, top: 0, width: 200, height: 200 })
})
