import { expect, test } from 'vitest'
import { decodeImage } from '../../src/media/decode.ts'
import { cpuTime } from '../cpu-time.ts'
import { bomb, HOSTILE_IMAGES } from './hostile-images.ts'

/** What must never reach a user: pointers, paths, stack lines, names of the decoding libraries. */
const INTERNALS = /\b0x[0-9a-f]{4}|\/(home|root|usr|work|tmp)\/|\bat \w+ \(|vips|libpng|spng|\n/i

test.each(HOSTILE_IMAGES)('$name is refused with $code', async ({ code, write }) => {
  const error = await decodeImage(await write()).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input', code })
  expect(error.message).not.toMatch(INTERNALS)
})

test('the bomb is refused from its header: fast, without memory for its pixels', async () => {
  const bytes = bomb()
  expect(bytes.length).toBeLessThan(40_000)
  const before = process.memoryUsage.rss()
  const attempt = () => expect(decodeImage(bytes)).rejects.toMatchObject({ code: 'image_too_large' })
  expect(await cpuTime(attempt)).toBeLessThan(200)
  expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 2 ** 20)
})

test('300 damaged copies of a photo: each decodes or is refused in one clean line', async () => {
  const write = HOSTILE_IMAGES.find(({ name }) => name === 'JPEG without its end mark')!.write
  const whole = Uint8Array.from([...(await write()), 0xff, 0xd9])
  for (let seed = 1; seed <= 300; seed++) {
    const bytes = whole.slice()
    for (let i = 0; i < 5; i++) bytes[(seed * 7919 + i * 104729) % bytes.length] = (seed * 31 + i * 17) & 255
    const result = await decodeImage(bytes).catch((reason) => reason)
    if (result instanceof Error) expect([result.name, INTERNALS.test(result.message)]).toEqual(['FoveaError', false])
    else expect(result.data).toHaveLength(result.width * result.height * 3)
  }
})

test('a file longer than the limit is not parsed', async () => {
  const bytes = new Uint8Array(1000)
  await expect(decodeImage(bytes, { maxBytes: 999 })).rejects.toMatchObject({ code: 'image_too_large' })
})

test('the pixel limit can be lowered', async () => {
  const bytes = await HOSTILE_IMAGES.find(({ name }) => name === 'zero width')!.write()
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(16, 99)
  await expect(decodeImage(bytes, { maxPixels: 9602 })).rejects.toThrow('99x97')
})
