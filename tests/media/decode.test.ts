import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeImage } from '../../src/media/decode.ts'
import { readImage } from '../../src/media/read-image.ts'
import { grey, png, u16 } from './make-png.ts'

type Channels = 1 | 2 | 3 | 4

function source(width: number, height: number, channels: Channels): Sharp {
  const data = Buffer.from(Array.from({ length: width * height * channels }, (_, i) => (i * 7919) % 256))
  return sharp(data, { raw: { width, height, channels } })
}

const palette = [0, 50, 100, 100, 150, 200, 9, 9, 9]
const pattern = Uint8Array.from({ length: 9 * 7 * 3 }, (_, i) => (i * 7919) % 256)
const fixtures = new URL('../fixtures/images/', import.meta.url)
const digests = JSON.parse(readFileSync(new URL('digests.json', fixtures), 'utf8'))

describe('pixels', () => {
  test.each(Object.keys(digests).filter((name) => name !== 'pillow'))(
    '%s decodes to the bytes of Pillow, by name',
    async (name) => {
      const { data } = await decodeImage(readFileSync(new URL(name, fixtures)), { pixels: 'reference' })
      expect(createHash('sha256').update(data).digest('hex')).toBe(digests[name])
    },
  )

  test.each([
    ['8-bit PNG', source(9, 7, 3).png()],
    ['16-bit PNG', source(9, 7, 3).toColourspace('rgb16').png()],
    ['palette PNG', source(9, 7, 3).png({ palette: true })],
    ['GIF', source(9, 7, 3).gif()],
    ['lossless WebP', source(9, 7, 3).webp({ lossless: true })],
  ])('%s is lossless', async (_, encoder) => {
    expect(await decodeImage(await encoder.toBuffer())).toEqual({ data: pattern, width: 9, height: 7 })
  })

  test('grey becomes three equal channels', async () => {
    const { data } = await decodeImage(await source(9, 7, 1).toColourspace('b-w').png().toBuffer())
    expect(data.subarray(0, 6)).toEqual(Uint8Array.from([0, 0, 0, 239, 239, 239]))
  })

  test.each(['png', 'webp'] as const)(
    'what is transparent in %s is on white, and to the reference what is behind',
    async (format) => {
      const rgba = Buffer.from([9, 8, 7, 0, 0, 0, 0, 255, 100, 0, 0, 128])
      const image = sharp(rgba, { raw: { width: 3, height: 1, channels: 4 } })
      const bytes = await image.toFormat(format, { lossless: true, exact: true } as object).toBuffer()
      expect([...(await decodeImage(bytes)).data]).toEqual([255, 255, 255, 0, 0, 0, 177, 127, 127])
      const reference = await decodeImage(bytes, { pixels: 'reference' })
      expect([...reference.data]).toEqual([9, 8, 7, 0, 0, 0, 100, 0, 0])
    },
  )

  /** A few pixels, by the types of PNG: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  test.each([
    ['grey of 16 bits', 16, 0, u16(0, 25_700, 65_535, 300), [], grey(0, 100, 255, 1), grey(0, 255, 255, 255)],
    ['a key in grey of 16 bits', 16, 0, u16(0, 25_700, 300), u16(300), grey(0, 100, 255), grey(0, 100, 1)],
    [
      'grey and alpha of 16 bits',
      16,
      4,
      u16(0, 65_535, 25_700, 0, 1000, 32_768),
      [],
      grey(0, 255, 129),
      grey(0, 100, 3),
    ],
    ['RGB of 16 bits', 16, 2, u16(0, 25_700, 65_535), [], [0, 100, 255], [0, 100, 255]],
    ['a key in RGB of 16 bits', 16, 2, u16(0, 25_700, 65_535), u16(0, 25_700, 65_535), grey(255), [0, 100, 255]],
    ['RGB and alpha of 16 bits', 16, 6, u16(0, 25_700, 65_535, 0), [], grey(255), [0, 100, 255]],
    ['a key in RGB', 8, 2, [1, 2, 3, 4, 5, 6], u16(4, 5, 6), [1, 2, 3, 255, 255, 255], [1, 2, 3, 4, 5, 6]],
    ['a key in grey', 8, 0, [1, 4], u16(4), grey(1, 255), grey(1, 4)],
    ['a key in grey of 4 bits', 4, 0, [0x5c], u16(5), grey(255, 204), grey(85, 204)],
    ['a palette', 8, 3, [0, 1, 2], [255, 128, 0], [0, 50, 100, 177, 202, 227, 255, 255, 255], palette],
  ])('%s', async (_, depth, type, row, transparency, seen, reference) => {
    const bytes = png({ width: seen.length / 3, depth, type, row, transparency, palette: type === 3 ? palette : [] })
    expect([...(await decodeImage(bytes)).data]).toEqual(seen)
    expect([...(await decodeImage(bytes, { pixels: 'reference' })).data]).toEqual(reference)
  })

  test('are the same for a picture of 16 bits as for one of 8', async () => {
    const [wide, narrow] = [source(9, 7, 1).toColourspace('grey16'), source(9, 7, 1).toColourspace('b-w')]
    const [a, b] = await Promise.all([wide, narrow].map(async (image) => decodeImage(await image.png().toBuffer())))
    expect(a).toEqual(b)
  })

  test('are read in one of two ways', async () => {
    const read = decodeImage(await source(1, 1, 3).png().toBuffer(), { pixels: 'exact' as 'seen' })
    await expect(read).rejects.toMatchObject({
      kind: 'usage',
      message: 'decodeImage: pixels is one of seen, reference, not "exact"',
    })
  })

  test('EXIF orientation 6 turns the image', async () => {
    const bytes = await source(9, 7, 3).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    expect(await decodeImage(bytes)).toMatchObject({ width: 7, height: 9 })
  })

  test('only the first frame of an animation is read', async () => {
    const frames = sharp(Buffer.from([255, 0, 0, 0, 255, 0]), {
      raw: { width: 1, height: 2, channels: 3, pageHeight: 1 },
    })
    const { data, height } = await decodeImage(await frames.gif().toBuffer())
    expect([height, ...data]).toEqual([1, 255, 0, 0])
  })

  test.each([
    [1, 1],
    [1, 3],
    [3, 1],
    [300, 1],
  ])('%i x %i decodes', async (width, height) => {
    expect(await decodeImage(await source(width, height, 3).png().toBuffer())).toMatchObject({ width, height })
  })

  test('bytes after the end of the image change nothing', async () => {
    const bytes = Buffer.concat([await source(9, 7, 3).png().toBuffer(), Buffer.alloc(1_000_000, 65)])
    expect((await decodeImage(bytes)).data).toEqual(pattern)
  })
})

describe('readImage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-image-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('reads a file, whatever its name', async () => {
    const path = join(folder, '-ünï🙂.txt')
    writeFileSync(path, await source(9, 7, 3).png().toBuffer())
    expect((await readImage(path)).data).toEqual(pattern)
  })

  test.each([
    ['missing.png', 'file_missing'],
    ['missing/inner.png', 'file_missing'],
    ['.', 'file_is_directory'],
  ])('%s is refused with %s and its name', async (name, code) => {
    const path = join(folder, name)
    await expect(readImage(path)).rejects.toMatchObject({ code, kind: 'input', message: expect.stringContaining(path) })
  })

  test('standard input is read to its end', async () => {
    const module = new URL('../../src/media/read-image.ts', import.meta.url)
    const script = `import(${JSON.stringify(module.href)}).then(async ({ readImage }) => {
      const { width, height, data } = await readImage('-')
      console.log(width, height, data.length)
    })`
    const input = await source(9, 7, 3).png().toBuffer()
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], { input, encoding: 'utf8' })
    expect(stdout.trim()).toBe('9 7 189')
  })

  test('an endless device is refused at the limit', async () => {
    await expect(readImage('/dev/zero', { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'image_too_large' })
  })

  test('errors of the decoder name the file', async () => {
    const path = join(folder, 'notes.png')
    writeFileSync(path, 'not pixels')
    const message = `${path}: not an image in PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP, HEIC or JPEG XL form`
    await expect(readImage(path)).rejects.toMatchObject({
      code: 'unsupported_media',
      message: expect.stringContaining(message),
    })
  })
})
