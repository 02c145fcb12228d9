import { expect, it } from 'vitest'
import type { EncodedImage } from '../../../src/pipeline/parts.ts'
import { EncodedPictures } from '../../../src/pipeline/pictures/encoded-pictures.ts'

/** A picture whose tensors take 4 x so many bytes: half of them tokens, the others what a method left. */
const sized = (numbers: number): EncodedImage => {
  const half = { data: new Float32Array(numbers / 2), dims: [1, numbers / 2], dtype: 'float32' as const }
  return { views: [{ embeds: half, memory: { patches: half }, signals: {} }] } as unknown as EncodedImage
}

it('is kept by bytes: those not used for longest go first, the newest stays whatever it takes', () => {
  const pictures = new EncodedPictures(800)
  pictures.keep('a', sized(100))
  pictures.keep('b', sized(100))
  expect(pictures.of('a')).toMatchObject({ cached: true }) // used later than b now
  pictures.keep('c', sized(100))
  expect(['a', 'b', 'c'].filter((key) => pictures.of(key))).toEqual(['a', 'c'])
  pictures.keep('c', sized(100)) // again: it does not count twice
  expect(pictures.of('a')).toBeDefined()
  pictures.keep('large', sized(1000))
  expect(['a', 'c', 'large'].filter((key) => pictures.of(key))).toEqual(['large'])
  pictures.keep('d', sized(100))
  expect(['large', 'd'].filter((key) => pictures.of(key))).toEqual(['d'])
})
