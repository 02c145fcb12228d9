import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { powerSpectrum } from '../../../src/media/audio/fourier.ts'
import { logMel } from '../../../src/media/audio/log-mel.ts'
import { encodeWav } from '../../../src/media/audio/wav.ts'

const reference = JSON.parse(readFileSync('tests/fixtures/audio/log-mel.json', 'utf8')) as Record<string, number[][]>

/** The sweep and tone of tests/fixtures/make_log_mel.py. */
const sweep = Float32Array.from({ length: 1600 }, (_, i) => {
  const t = i / 16000
  const turn = 2 * Math.PI
  return 0.4 * Math.sin(turn * (300 * t + 4000 * t * t)) + 0.2 * Math.sin(turn * 1234.5 * t) + 0.05
})

describe('logMel', () => {
  test.each([23, 128])('gives the numbers of the reference with %i bands', (bands) => {
    const { frames, values } = logMel(sweep, { bands })
    const expected = reference[bands]
    expect([frames, values.length]).toEqual([expected.length, expected.length * bands])
    for (const [i, value] of expected.flat().entries()) expect(Math.abs(values[i] - value)).toBeLessThan(2e-3)
  })

  test('a tone is strongest in the band around its pitch', () => {
    const tone = Float32Array.from({ length: 800 }, (_, i) => Math.sin((2 * Math.PI * 2000 * i) / 16000))
    const { values } = logMel(tone, { bands: 40, low: 0 })
    const strongest = values.subarray(0, 40).indexOf(Math.max(...values.subarray(0, 40)))
    const middle = 700 * (Math.exp(((strongest + 1) * 1127 * Math.log(1 + 8000 / 700)) / 41 / 1127) - 1)
    expect(Math.abs(middle - 2000)).toBeLessThan(150)
  })

  test('refuses sounds without a whole frame, and bands beyond half of the rate', () => {
    expect(() => logMel(new Float32Array(399))).toThrow('A sound of 399 samples has no frame of 400: use a longer one')
    expect(() => logMel(sweep, { high: 9000 })).toThrow(/must lie between 0 and 8000/)
  })
})

test('powerSpectrum is the squared discrete Fourier transform', () => {
  const values = Float64Array.from({ length: 16 }, (_, i) => Math.sin(i * i))
  const power = powerSpectrum(values)
  for (let bin = 0; bin < 8; bin++) {
    let [re, im] = [0, 0]
    for (const [i, value] of values.entries()) {
      re += value * Math.cos((2 * Math.PI * bin * i) / 16)
      im -= value * Math.sin((2 * Math.PI * bin * i) / 16)
    }
    expect(power[bin]).toBeCloseTo(re * re + im * im, 9)
  }
})

test('encodeWav writes a mono file of 16 bits', () => {
  const bytes = Buffer.from(encodeWav(Float32Array.of(0, 0.5, -1, 2), 16000))
  expect(bytes.subarray(0, 4).toString() + bytes.subarray(8, 16).toString()).toBe('RIFFWAVEfmt ')
  expect([bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34), bytes.readUInt32LE(40)]).toEqual([
    1, 16000, 16, 8,
  ])
  expect([0, 1, 2, 3].map((i) => bytes.readInt16LE(44 + 2 * i))).toEqual([0, 16384, -32767, 32767])
})
