import { describe, expect, it } from 'vitest'
import { awqScales, scaledBy, scaledError } from '../../../src/quantization/schemes/awq.ts'
import { cholesky, upperOfInverse } from '../../../src/quantization/schemes/cholesky.ts'
import { gptq, hessian } from '../../../src/quantization/schemes/gptq.ts'
import { type Bits, type Matrix, roundToNearest } from '../../../src/quantization/schemes/grid.ts'
import { outputError } from '../../../src/quantization/schemes/output-error.ts'
import { roundGroup, SCHEMES } from '../../../src/quantization/schemes/scheme.ts'
import { smoothQuantScales } from '../../../src/quantization/schemes/smoothquant.ts'
import { Rng } from '../../../src/world/rng.ts'

const K = 48

function layer(seed: number, n = 24): { weight: Matrix; rows: Float32Array[]; maxima: Float32Array } {
  const rng = Rng.from(seed, 'schemes')
  const values = Float32Array.from({ length: n * K }, () => rng.normal())
  // Channels that go together, some of them large, as those of language models do.
  const rows = Array.from({ length: 64 }, () => {
    const shared = rng.normal()
    return Float32Array.from({ length: K }, (_, i) => (i % 11 === 0 ? 20 : 1) * (rng.normal() + 2 * shared))
  })
  const maxima = Float32Array.from({ length: K }, (_, i) => Math.max(...rows.map((row) => Math.abs(row[i]))))
  return { weight: { values, k: K }, rows, maxima }
}

describe('round to nearest', () => {
  it('is the example by hand: the largest of a block goes on -8, the others next to themselves', () => {
    const values = Float32Array.from([0.8, -0.37, 0.06, 0.04, 0])
    const expected = [0.8, -0.4, 0.1, 0, 0]
    const rounded = roundToNearest({ values, k: 5 }, 4)
    for (const [at, value] of rounded.entries()) expect(value).toBeCloseTo(expected[at], 6)
  })

  it('has one scale for a row in 8 bits', () => {
    const rounded = roundToNearest({ values: Float32Array.from([1.27, 0.014, -0.026]), k: 3 }, 8)
    for (const [at, value] of [1.27, 0.01, -0.03].entries()) expect(rounded[at]).toBeCloseTo(value, 6)
  })
})

describe('factors', () => {
  it('are those of the example by hand', () => {
    expect([...cholesky(Float64Array.from([4, 2, 2, 5]), 2)]).toEqual([2, 0, 1, 2])
    const upper = upperOfInverse(Float64Array.from([4, 2, 2, 5]), 2) // A^-1 = [[5, -2], [-2, 4]] / 16
    for (const [at, value] of [Math.sqrt(5) / 4, -1 / (2 * Math.sqrt(5)), 0, 1 / Math.sqrt(5)].entries())
      expect(upper[at]).toBeCloseTo(value, 10)
    expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow('positive definite')
  })

  it('are damped, so that fewer samples than channels do', () => {
    const h = hessian([Float32Array.from([3, 0])], 2)
    expect(h[0]).toBeCloseTo(9.045, 6)
    expect(h[3]).toBeCloseTo(0.045, 6)
  })
})

describe.each([4, 8] as const)('in %i bits', (bits: Bits) => {
  it('gptq makes less error in the outputs than rounding to nearest, and none of its rows more', () => {
    for (const seed of [1, 2, 3]) {
      const { weight, rows } = layer(seed)
      const [made, plain] = [gptq(weight, rows, bits), roundToNearest(weight, bits)].map((other) =>
        outputError(weight, other, rows),
      )
      expect(made).toBeLessThan(0.8 * plain)
    }
  })

  it.each(SCHEMES)('what %s makes is on the grid: rounding it again changes nothing', (scheme) => {
    const { weight, rows, maxima } = layer(4)
    const [made] = roundGroup({ scheme, bits }, [weight], { rows, maxima }, true).weights
    const again = roundToNearest({ values: made, k: K }, bits)
    for (const [at, value] of made.entries()) expect(again[at]).toBeCloseTo(value, 5)
  })

  it('awq finds scales with less error, and keeps to 1 where nothing is gained', () => {
    const { weight, rows } = layer(5)
    const scales = awqScales([weight], rows, bits)
    const one = scales.map(() => 1)
    expect(scaledError(weight, scales, rows, bits)).toBeLessThan(scaledError(weight, one, rows, bits))
    const even = rows.map((row) => row.map(() => 1))
    expect([...awqScales([weight], even, bits)]).toEqual([...one])
  })
})

it('smoothquant shares the range of a channel evenly, and the product stays what it was', () => {
  const weight = { values: Float32Array.from([1, 0.5, -4, 0.25]), k: 2 }
  const scales = smoothQuantScales([weight], Float32Array.from([16, 2]))
  expect([...scales]).toEqual([2, 2]) // sqrt(16) / sqrt(4), sqrt(2) / sqrt(.5)
  expect([...scaledBy(weight, scales).values]).toEqual([2, 1, -8, 0.5])
})

it('layers whose input nothing can scale, or that no sample reached, are rounded to the nearest', () => {
  const { weight, rows, maxima } = layer(6)
  const plain = roundToNearest(weight, 4)
  for (const scheme of ['awq', 'smoothquant'] as const)
    expect(roundGroup({ scheme, bits: 4 }, [weight], { rows, maxima }, false)).toEqual({ weights: [plain] })
  expect(roundGroup({ scheme: 'gptq', bits: 4 }, [weight], undefined, true)).toEqual({ weights: [plain] })
})
