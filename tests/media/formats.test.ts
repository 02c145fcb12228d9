import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/media/decode.ts'
import { sniffImageFormat } from '../../src/media/image-format.ts'
import { readImage } from '../../src/media/read-image.ts'
import { sniffVideo } from '../../src/media/video/video-format.ts'
import { bmp } from './make-bmp.ts'

const scene = await readImage('examples/scene.png')
const fixture = (name: string) => readImage(`tests/fixtures/images/${name}`)
const encoder = () => sharp(scene.data, { raw: { ...scene, channels: 3 } })

const meanChange = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, value, at) => sum + Math.abs(value - b[at]), 0) / a.length

describe('formats of photographs', () => {
  it('HEIC is read as the picture that it was made of', async () => {
    const image = await fixture('scene.heic')
    expect(image).toMatchObject({ width: 384, height: 384 })
    expect(meanChange(image.data, scene.data)).toBeLessThan(2)
  })

  it('AVIF is read, with what is transparent on white', async () => {
    const image = await decodeImage(await encoder().avif({ quality: 80, chromaSubsampling: '4:4:4' }).toBuffer())
    expect(meanChange(image.data, scene.data)).toBeLessThan(2)
    const clear = sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
    expect(Math.min(...(await decodeImage(await clear.avif().toBuffer())).data)).toBeGreaterThan(250)
  })

  it('lossless JPEG XL is exact', async () => {
    expect(await fixture('lossless.jxl')).toEqual(await fixture('lossless-jxl.png'))
  })

  it.each(['none', 'lzw', 'deflate', 'packbits'] as const)(
    'TIFF (%s) is exact, of 16 bits too',
    async (compression) => {
      expect(
        Buffer.compare((await decodeImage(await encoder().tiff({ compression }).toBuffer())).data, scene.data),
      ).toBe(0)
      const deep = await encoder().toColourspace('rgb16').tiff({ compression }).toBuffer()
      expect(Buffer.compare((await decodeImage(deep)).data, scene.data)).toBe(0)
    },
  )

  it('of a TIFF of several pages one is read', async () => {
    const pages = sharp(Buffer.from([9, 9, 9, 77, 77, 77]), {
      raw: { width: 1, height: 2, channels: 3, pageHeight: 1 },
    })
    const bytes = await pages.tiff({ compression: 'none' }).toBuffer()
    expect([...(await decodeImage(bytes)).data]).toEqual([9, 9, 9])
    expect([...(await decodeImage(bytes, { page: 1 })).data]).toEqual([77, 77, 77])
  })

  it('samples that are no 8 or 16 bits are named', async () => {
    const bytes = await encoder().toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer()
    await expect(decodeImage(bytes)).rejects.toMatchObject({
      code: 'unsupported_media',
      message: 'images with samples of type float cannot be read; convert the image to 8 or 16 bits',
    })
  })
})

describe('BMP', () => {
  const [red, green, blue] = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ]
  const palette = [1, 2, 3, 0, 255, 255, 255, 0, 0, 0, 255, 0]
  it.each([
    [
      '24 bits, from below',
      {
        height: 2,
        bits: 24,
        rows: [
          [...green, ...red],
          [0, 0, 255, 255, 0, 0],
        ],
      },
      [...red, ...blue, ...green, ...blue],
    ],
    ['24 bits, from above', { height: -1, bits: 24, rows: [[0, 0, 255, 0, 255, 0]] }, [...red, ...green]],
    ['8 bits', { height: 1, bits: 8, palette, rows: [[0, 2]] }, [3, 2, 1, ...red]],
    ['4 bits', { height: 1, bits: 4, palette, rows: [[0x02]] }, [3, 2, 1, ...red]],
    ['1 bit', { height: 1, bits: 1, palette: palette.slice(0, 8), rows: [[0x40]] }, [3, 2, 1, 255, 255, 255]],
    ['15 bits', { height: 1, bits: 16, rows: [[0, 0x7c, 0x1f, 0]] }, [...red, ...blue]],
    [
      '16 bits by masks',
      { height: 1, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f], rows: [[0, 0xf8, 0xe0, 7]] },
      [...red, ...green],
    ],
    ['32 bits', { height: 1, bits: 32, rows: [[0, 0, 255, 0, 255, 0, 0, 9]] }, [...red, ...blue]],
    [
      '32 bits with alpha, on white',
      {
        height: 1,
        bits: 32,
        compression: 3,
        masks: [0xff0000, 0xff00, 0xff, 0xff000000],
        rows: [[0, 0, 255, 0, 0, 0, 255, 255]],
      },
      [255, 255, 255, ...red],
    ],
  ])('of %s', async (_, content, pixels) => {
    const image = await decodeImage(bmp({ width: 2, ...content }))
    expect([...image.data]).toEqual(pixels)
  })

  it('that is cut off, squeezed or inconsistent is refused by name', async () => {
    const whole = bmp({ width: 2, height: 1, bits: 8, palette, rows: [[0, 2]] })
    const failure = (bytes: Uint8Array) => decodeImage(bytes).catch((error) => `${error.code}: ${error.message}`)
    expect(await failure(whole.subarray(0, -1))).toBe(
      'image_unreadable: the image cannot be read: it is truncated or damaged',
    )
    expect(await failure(bmp({ width: 2, height: 1, bits: 8, compression: 1, palette, rows: [[0, 2]] }))).toBe(
      'unsupported_media: a BMP of 8 bits with compression 1 cannot be read; convert the image to PNG',
    )
    expect(await failure(bmp({ width: 2, height: 1, bits: 8, palette, rows: [[0, 3]] }))).toBe(
      'image_unreadable: the image cannot be read: a pixel is of a colour that its palette lacks',
    )
    expect(await failure(bmp({ width: 40_000, height: 40_000, bits: 1, palette, rows: [[0]] }))).toMatch(/truncated/)
  })

  it('never ends in another error, whatever bytes are changed', async () => {
    const whole = bmp({
      width: 3,
      height: 3,
      bits: 4,
      palette,
      rows: [[0x01], [0x12], [0x20]].map((row) => [...row, 0]),
    })
    for (let at = 2; at < whole.length; at++)
      for (const value of [0, 1, 127, 255]) {
        const bytes = Buffer.from(whole)
        bytes[at] = value
        const result = await decodeImage(bytes).catch((error) => error)
        if (result instanceof Error) expect(result.name).toBe('FoveaError')
        else expect(result.data).toHaveLength(3 * result.width * result.height)
      }
  })
})

describe('what is not read is named', () => {
  const advice = 'which cannot be read; save it as PNG or JPEG with the program that opens it'
  /** A TIFF of one entry. */
  const tiff = (tag: number, value: number) =>
    Buffer.from([
      0x49,
      0x49,
      42,
      0,
      8,
      0,
      0,
      0,
      1,
      0,
      tag & 255,
      tag >> 8,
      4,
      0,
      1,
      0,
      0,
      0,
      value,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ])
  it.each([
    ['a raw file of a camera (DNG)', tiff(50706, 1)],
    ['a raw file of a camera', tiff(254, 1)],
    ['a raw file of a camera (CR3)', Buffer.from('\0\0\0\x18ftypcrx \0\0\0\x01', 'latin1')],
    ['JPEG 2000', Buffer.from('0000000c6a5020200d0a870a', 'hex')],
    ['a Photoshop file', Buffer.from('8BPS\0\x01')],
    ['a PDF', Buffer.from('%PDF-1.7\n')],
    ['a web page', Buffer.from('\n<!doctype html><title>Sign in</title>')],
  ])('%s', async (name, bytes) => {
    await expect(decodeImage(bytes)).rejects.toMatchObject({
      code: 'unsupported_media',
      message: `this is ${name}, ${advice}`,
    })
  })

  it('the brands of a file tell stills from videos', () => {
    const file = (...brands: string[]) => {
      const box = Buffer.from(`\0\0\0\0ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1')
      box.writeUInt32BE(box.length)
      return box
    }
    const found = (...brands: string[]) => [sniffImageFormat(file(...brands)), sniffVideo(file(...brands))]
    expect(found('avif', 'mif1')).toEqual(['avif', undefined])
    expect(found('mif1', 'avif', 'miaf')).toEqual(['avif', undefined])
    expect(found('mif1', 'heic')).toEqual(['heic', undefined])
    expect(found('heix', 'mif1')).toEqual(['heic', undefined])
    expect(found('isom', 'avc1')).toEqual([undefined, 'container'])
    expect(found('qt  ')).toEqual([undefined, 'container'])
  })
})

describe('photographs of 48 megapixels', () => {
  const large = sharp({ create: { width: 8064, height: 6048, channels: 3, background: { r: 10, g: 200, b: 30 } } })

  it('are read at half their size, upright', async () => {
    const image = await decodeImage(await large.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer())
    expect({ width: image.width, height: image.height, bytes: image.data.length }).toEqual({
      width: 3024,
      height: 4032,
      bytes: 3 * 3024 * 4032,
    })
    expect(meanChange(image.data.subarray(0, 3), Uint8Array.of(10, 200, 30))).toBeLessThan(2)
  })

  it('are whole as the reference has them', async () => {
    const bytes = await large.clone().png({ compressionLevel: 1 }).toBuffer()
    expect(await decodeImage(bytes)).toMatchObject({ width: 4032, height: 3024 })
    expect(await decodeImage(bytes, { pixels: 'reference' })).toMatchObject({ width: 8064, height: 6048 })
  })

  it('are refused by a limit on memory, which says how to raise it', async () => {
    const bytes = await large.clone().png({ compressionLevel: 1 }).toBuffer()
    await expect(decodeImage(bytes, { maxMemory: 100 * 2 ** 20 })).rejects.toMatchObject({
      code: 'image_too_large',
      message:
        'the image is 8064x6048; reading it takes 187 MiB, the limit is 100 MiB: make it smaller, or raise the limit (--max-image-memory, maxMemory)',
    })
  })
})
