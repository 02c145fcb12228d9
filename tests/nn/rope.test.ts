import { describe, expect, it } from 'vitest'
import { axialRotation, magnitudeOf, rotaryFrequencies, rotation } from '../../src/nn/index.ts'
import { constant, evaluate, type Tensor } from '../../src/tensor/index.ts'

const valuesOf = (tensor: Tensor): number[] => Array.from(evaluate([tensor], new Map())[0].data, Number)
const near = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, 6))

// Frequencies below are those of ROPE_INIT_FUNCTIONS in transformers.
describe('YaRN', () => {
  const scaling = { type: 'yarn', factor: 4, fast: 4, slow: 1, originalLength: 32, magnitude: 1.25 } as const

  it('slows pairs by a ramp, whose borders are whole pairs or not', () => {
    const slow = [0.044457, 0.025, 0.0140585, 0.0079057, 0.0044457]
    expect(rotaryFrequencies(16, 100, { ...scaling, whole: true })).toEqual(near([1, 0.421756, 0.1581139, ...slow]))
    expect(rotaryFrequencies(16, 100, { ...scaling, whole: false })).toEqual(near([1, 0.4607027, 0.1605892, ...slow]))
  })

  it('makes cosines and sines longer, on one axis of positions and on several', () => {
    const whole = { ...scaling, whole: true }
    const alone = rotation(constant([3], [1, 1]), 4, 100, whole)
    const frequencies = rotaryFrequencies(4, 100, whole)
    const axial = axialRotation(constant([3, 3], [1, 1, 2]), frequencies, [0, 1], magnitudeOf(whole))
    expect(valuesOf(alone.cos)[0]).toBeCloseTo(1.25 * Math.cos(3), 6)
    expect(valuesOf(axial.cos)).toEqual(near(valuesOf(alone.cos)))
    expect(valuesOf(axial.sin)).toEqual(near(valuesOf(alone.sin)))
  })
})

describe('dynamic scaling', () => {
  const scaling = { type: 'dynamic', factor: 3, length: 16 } as const

  it.each([
    [10, [1, 0.3162278, 0.1, 0.0316228]],
    [16, [1, 0.3162278, 0.1, 0.0316228]],
    [20, [1, 0.2624142, 0.0688612, 0.0180702]],
    [40, [1, 0.1791482, 0.0320941, 0.0057496]],
  ])('slows all pairs in a text of %d tokens', (tokens, frequencies) => {
    // the sine of a small angle, at a fraction of a position, is the angle
    const { sin } = rotation(constant([1e-3, tokens - 1], [1, 2]), 8, 100, scaling)
    expect(valuesOf(sin).slice(0, 4)).toEqual(frequencies.map((value) => expect.closeTo(value * 1e-3, 8)))
  })
})
