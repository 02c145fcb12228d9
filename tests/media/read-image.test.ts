import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageInput, RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'

const path = 'examples/scene.png'
let bytes: Buffer
let scene: RgbImage
beforeAll(async () => {
  bytes = await readFile(path)
  scene = await readImage(path)
})

describe('an image', () => {
  const url = pathToFileURL(resolve(path))
  const data = () => `data:image/png;base64,${bytes.toString('base64')}`
  const inputs: [string, () => ImageInput][] = [
    ['URL object', () => url],
    ['file URL', () => url.href],
    ['data URL', data],
    ['data URL object', () => new URL(data())],
    ['Buffer', () => bytes],
    ['Uint8Array', () => new Uint8Array(bytes)],
    ['ArrayBuffer', () => new Uint8Array(bytes).buffer],
    ['Blob', () => new Blob([new Uint8Array(bytes)])],
  ]
  it.each(inputs)('is read from a %s as from a path', async (_, input) => {
    const { data, width, height } = await readImage(input())
    expect({ width, height, same: Buffer.compare(data, scene.data) }).toEqual({ width: 384, height: 384, same: 0 })
  })
})

describe('what cannot be read is named', () => {
  const cases: [input: unknown, options: unknown, code: string, message: string][] = [
    [
      'https://example.org/a.png',
      {},
      'url_unsupported',
      'https://example.org/a.png: images are not fetched from the network; download it and name the file',
    ],
    [
      new URL('file://elsewhere/a.png'),
      {},
      'url_invalid',
      'file://elsewhere/a.png: this URL names no file of this machine',
    ],
    ['file:///nowhere.png', {}, 'file_missing', '/nowhere.png: no such file'],
    ['data:image/png;base64,%', {}, 'url_invalid', 'data:image/png;base64,%...: this data URL is damaged'],
    [new Uint8Array(0), {}, 'image_unreadable', 'the image: the image cannot be read: the file is empty'],
    [7, {}, 'image_invalid', 'readImage: an image is a path, a URL, a Buffer, an ArrayBuffer or a Blob, not a number'],
    [
      path,
      { maxPixel: 4 },
      'option_unknown',
      'readImage: there is no option maxPixel; there are pixels, maxPixels, maxMemory, maxBytes, maxSeconds, allowSvg, page',
    ],
    [path, { maxPixels: '4' }, 'option_invalid', 'readImage: maxPixels is a number, not "4"'],
    [path, { pixels: 'all' }, 'option_invalid', 'readImage: pixels is one of seen, reference, not "all"'],
    [path, 4, 'option_invalid', 'readImage: options are an object, such as { pixels: ... }, not a number'],
  ]
  it.each(cases)('%s with %o', async (input, options, code, message) => {
    await expect(readImage(input as ImageInput, options as object)).rejects.toMatchObject({ code, message })
  })

  it('a Blob or data that are larger than the limit', async () => {
    const limits = { maxBytes: 1000 }
    const message = expect.stringMatching(/^the image: the image file has .*limit/)
    const found = await Promise.allSettled([
      readImage(bytes, limits),
      readImage(new Blob([new Uint8Array(bytes)]), limits),
    ])
    for (const each of found) expect(each).toMatchObject({ reason: { code: 'image_too_large', message } })
  })
})
