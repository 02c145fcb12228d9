import { expect, test } from 'vitest'
import { normalise, resizeImage } from '../../src/media/image.ts'

const image = { data: Uint8Array.from([0, 51, 102, 153, 204, 255]), width: 2, height: 1 }

test('normalise puts channels first: [3, height, width]', () => {
  const values = normalise(image, [0, 0.2, 0.4], [1, 0.5, 0.25])
  const expected = [0, 0.6, 0, 1.2, 0, 2.4]
  expect([...values]).toEqual(expected.map((value) => expect.closeTo(value, 6)))
})

test('normalise refuses wrong sizes and a zero std', () => {
  expect(() => normalise({ ...image, width: 3 }, [0, 0, 0], [1, 1, 1])).toThrow('3x1')
  expect(() => normalise(image, [0, 0, 0], [1, 0, 1])).toThrow('image_std')
})

test('resizeImage keeps three channels', () => {
  expect(resizeImage(image, 4, 3, 'bicubic').data).toHaveLength(36)
})
