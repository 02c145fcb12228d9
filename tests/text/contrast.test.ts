import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contrasted, probabilities } from '../../src/text/contrast.ts'

const row = (...values: number[]) => Float32Array.from(values)
const argmax = (values: ArrayLike<number>) => Array.from(values).indexOf(Math.max(...Array.from(values)))
const rows = fc.array(
  fc.tuple(fc.float({ min: -20, max: 20, noNaN: true }), fc.float({ min: -20, max: 20, noNaN: true })),
  {
    minLength: 1,
    maxLength: 30,
  },
)

describe('contrastive decoding', () => {
  it("is the worked example: l = (2, 1, 0), l' = (3, 0, 0), alpha 1", () => {
    expect([...contrasted(row(2, 1, 0), row(3, 0, 0), { alpha: 1, beta: 0.1 })]).toEqual([1, 2, 0])
    const strict = contrasted(row(2, 1, 0), row(3, 0, 0), { alpha: 1, beta: 0.5 })
    expect([...strict]).toEqual([1, -Infinity, -Infinity])
    expect(argmax(strict)).toBe(0)
  })

  it('with alpha 0 is the row itself, bit by bit, where nothing is left out', () => {
    fc.assert(
      fc.property(rows, (pairs) => {
        const [l, other] = [0, 1].map((at) => Float32Array.from(pairs.map((pair) => pair[at])))
        expect(contrasted(l, other, { alpha: 0, beta: 0 })).toEqual(l)
        expect(contrasted(l, l, { alpha: 2, beta: 0 }).every((value, at) => Math.abs(value - l[at]) < 1e-4)).toBe(true)
      }),
    )
  })

  it('never leaves out the likeliest token, and fewer stay the larger beta is', () => {
    fc.assert(
      fc.property(rows, (pairs) => {
        const [l, other] = [0, 1].map((at) => Float32Array.from(pairs.map((pair) => pair[at])))
        const alive = [0, 0.1, 0.5, 1].map((beta) => {
          const s = contrasted(l, other, { alpha: 1, beta })
          expect(s[argmax(l)]).toBeGreaterThan(-Infinity)
          return s.filter((value) => value > -Infinity).length
        })
        expect(alive).toEqual([...alive].sort((a, b) => b - a))
      }),
    )
  })

  it('does not care for a constant in the other row', () => {
    const [l, other] = [row(2, 1, 0.5, -1), row(3, 0, 1, 0)]
    const shifted = contrasted(
      l,
      other.map((value) => value + 5),
      { alpha: 1.5, beta: 0.01 },
    )
    const plain = probabilities(contrasted(l, other, { alpha: 1.5, beta: 0.01 }))
    for (const [at, p] of probabilities(shifted).entries()) expect(p).toBeCloseTo(plain[at], 5)
  })
})

it('probabilities sum to 1, and are sharper at lower temperatures', () => {
  const [warm, cold] = [probabilities(row(2, 1, -Infinity)), probabilities(row(2, 1, -Infinity), 0.2)]
  expect(warm.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
  expect(warm[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6)
  expect(cold[0]).toBeCloseTo(1 / (1 + Math.exp(-5)), 6)
  expect(warm[2]).toBe(0)
})
