import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ResampleFilter, type ResizeBox, resize } from '../../src/media/resample.ts'
import { buildKernel, PRECISION_BITS } from '../../src/media/resample-kernel.ts'

interface Case {
  seed: number
  width: number
  height: number
  outWidth: number
  outHeight: number
  filter: ResampleFilter
  channels: number
  box: ResizeBox | null
  data: string
}

/** The generator of make.py. */
function pixels(seed: number, count: number): Uint8Array {
  let state = BigInt(seed)
  return Uint8Array.from({ length: count }, () => {
    state = (state * 1103515245n + 12345n) & 0x7fffffffn
    const v = Number(state >> 16n)
    return v & 1 ? (v & 2 ? 255 : 0) : (v >> 2) & 255
  })
}

// FOVEA_RESAMPLE_CASES may name a larger file written by `make.py 2000`.
const path = process.env.FOVEA_RESAMPLE_CASES ?? new URL('../fixtures/resample/cases.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }

function resizeCase({ seed, width, height, channels, outWidth, outHeight, filter, box }: Case): Uint8Array {
  const source = { data: pixels(seed, width * height * channels), width, height, channels }
  return resize(source, outWidth, outHeight, filter, box ?? undefined).data
}

describe('resize equals Pillow', () => {
  test.each(cases)('$filter $width x $height -> $outWidth x $outHeight, $channels channels, box $box', (row) => {
    expect(Buffer.from(resizeCase(row)).toString('base64')).toBe(row.data)
  })
})

describe('kernels', () => {
  test('bicubic at half size has the weights of a = -0.5', () => {
    const { weights, start, count, stride } = buildKernel(16, 0, 16, 8, 'bicubic')
    // Output 3 has its centre at 7; the taps lie at distances .25, .75, 1.25, 1.75 of the widened filter.
    const expected = [-3, -9, 29, 111, 111, 29, -9, -3].map((w) => w / 256)
    const found = [...weights.subarray(3 * stride, 3 * stride + count[3])].map((w) => w / 2 ** PRECISION_BITS)
    expect(start[3]).toBe(3)
    expect(found).toEqual(expected.map((w) => expect.closeTo(w, 6)))
  })

  test('a flat image stays flat under every filter', () => {
    const source = { data: new Uint8Array(37 * 29 * 3).fill(201), width: 37, height: 29, channels: 3 }
    for (const filter of ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const) {
      expect(new Set(resize(source, 11, 53, filter).data)).toEqual(new Set([201]))
    }
  })
})

describe('arguments', () => {
  const source = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 }
  test.each([
    [() => resize({ ...source, width: 3 }, 2, 2, 'bicubic'), 'image_size_mismatch'],
    [() => resize(source, 0, 2, 'bicubic'), 'image_size_invalid'],
    [() => resize(source, 2, 1.5, 'nearest'), 'image_size_invalid'],
    [() => resize(source, 2, 2, 'bicubic', [0, 0, 3, 2]), 'image_box_invalid'],
    [() => resize(source, 2, 2, 'bicubic', [1, 0, 1, 2]), 'image_box_invalid'],
  ])('%s is refused with %s', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }))
  })
})
