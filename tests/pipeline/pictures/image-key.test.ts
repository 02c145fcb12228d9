import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { imageKey } from '../../../src/pipeline/pictures/image-key.ts'

it.each([
  ['small', 3],
  ['larger than is hashed at once', 1300],
])('is the same SHA-256 for %s pictures', async (_, side) => {
  const data = Uint8Array.from({ length: 3 * side * side }, (_, at) => (7 * at) % 251)
  const expected = createHash('sha256').update(`rgb8 ${side}x${side} 3:how `).update(data).digest('hex')
  expect(await imageKey({ data, width: side, height: side }, 'how')).toBe(expected)
  expect(await imageKey({ data, width: side, height: side }, 'who')).not.toBe(expected)
})
