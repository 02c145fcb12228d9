import { afterAll, describe, expect, it } from 'vitest'
import { compile, f32, quantizeInt4, quantizeInt8, type Value, weightsOf } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { input, linearInt4, linearInt8, matmul, parameter } from '../../src/tensor/index.ts'
import { randomFrom } from '../tensor/harness.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())
const [rows, k, n] = [16, 200, 96]

function normal(count: number, seed: number, scale = 1): Float32Array {
  const random = randomFrom(seed)
  return Float32Array.from(
    { length: count },
    () => scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  )
}
const weight = normal(k * n, 1, k ** -0.5)
const x = normal(rows * k, 2)

const relativeError = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  let [error, norm] = [0, 0]
  for (let at = 0; at < expected.length; at++) {
    error += (actual[at] - expected[at]) ** 2
    norm += expected[at] ** 2
  }
  return Math.sqrt(error / norm)
}

/** The result of a layer in one of the forms, from ONNX Runtime. */
async function layer(
  form: 'f32' | 'int8' | 'int8 per row' | 'int4' | 'int4 float',
  activations = x,
): Promise<Float32Array> {
  const a = input('x', ['n', k])
  const eight = quantizeInt8(weight, k, n)
  const four = quantizeInt4(weight, k, n)
  const values = new Map<string, Value>([
    ['w', f32([k, n], weight)],
    ...Object.entries(eight).map(([name, value]) => [`8.${name}`, value as Value] as const),
    ...Object.entries(four).map(([name, value]) => [`4.${name}`, value as Value] as const),
  ])
  const leaf = (name: string) => parameter(name, values.get(name)!.dims, values.get(name)!.dtype)
  const int8 = (perRow: boolean) => linearInt8(a, leaf('8.weight'), leaf('8.scale'), leaf('8.zero'), { perRow })
  const out = {
    f32: () => matmul(a, leaf('w')),
    int8: () => int8(false),
    'int8 per row': () => int8(true),
    int4: () => linearInt4(a, leaf('4.packed'), leaf('4.scales'), n),
    'int4 float': () => linearInt4(a, leaf('4.packed'), leaf('4.scales'), n, { activations: 'float' }),
  }[form]()
  const program = await compile(backend, { out }, { weights: weightsOf(values) })
  const { values: result } = await program.run({ x: f32([activations.length / k, k], activations) })
  await program.dispose()
  return result.out.data as Float32Array
}

describe('a random layer (200 to 96, normal weights and activations)', () => {
  it.each([
    ['int8', 0.02],
    ['int8 per row', 0.02],
    ['int4', 0.11],
    ['int4 float', 0.11],
  ] as const)('%s is within %f of f32', async (form, bound) => {
    expect(relativeError(await layer(form), await layer('f32'))).toBeLessThan(bound)
  })

  it('per row: an outlier costs its own row only', async () => {
    const spiked = Float32Array.from(x)
    spiked[3] = 400
    const others = (data: Float32Array) => data.subarray(n)
    const expected = others(await layer('f32', spiked))
    expect(relativeError(others(await layer('int8', spiked)), expected)).toBeGreaterThan(0.2)
    expect(relativeError(others(await layer('int8 per row', spiked)), expected)).toBeLessThan(0.02)
  })

  it('takes no rows, and rows of zeros', async () => {
    for (const form of ['int8', 'int8 per row', 'int4'] as const) {
      expect((await layer(form, new Float32Array(0))).length).toBe(0)
      expect([...(await layer(form, new Float32Array(2 * k)))].every((v) => v === 0)).toBe(true)
    }
  })
})

describe('quantized weights', () => {
  it('int8: each value is within half a step of its column', () => {
    const { weight: quantized, scale, zero } = quantizeInt8(weight, k, n)
    quantized.data.forEach((q, at) => {
      expect(Math.abs(q * scale.data[at % n] - weight[at])).toBeLessThanOrEqual(scale.data[at % n] * 0.5001)
    })
    expect(zero.data.every((z) => z === 0)).toBe(true)
    expect(Math.max(...quantizeInt8(weight, k, n, 63).weight.data.map(Math.abs))).toBe(63)
  })
  it('keep to their range where floats barely hold a number', () => {
    const { weight: eight } = quantizeInt8(
      weight.map((value) => value * 4e-44),
      k,
      n,
    )
    expect(Math.max(...eight.data.map(Math.abs))).toBeLessThanOrEqual(127)
  })
  it('are what rounding to nearest gives', () => {
    for (const size of [1, 1e-38]) {
      const values = weight.map((value) => value * size)
      for (const limit of [127, 63]) {
        const { weight: eight, scale } = quantizeInt8(values, k, n, limit)
        const level = (value: number, step: number) => (step > 0 ? Math.round(value / step) : 0)
        const clamped = (at: number) => Math.max(-limit, Math.min(limit, level(values[at], scale.data[at % n])))
        expect(eight.data.findIndex((q, at) => q !== clamped(at))).toBe(-1)
      }
      const { packed, scales } = quantizeInt4(values, k, n)
      const blocks = Math.ceil(k / 32)
      const wrong = [...values.keys()].filter((at) => {
        const [i, column] = [Math.floor(at / n), at % n]
        const block = column * blocks + Math.floor(i / 32)
        const byte = packed.data[block * 16 + ((i % 32) >> 1)]
        const step = scales.data[block]
        const nearest = step === 0 ? 8 : Math.max(0, Math.min(15, Math.round(values[at] / step) + 8))
        return (i % 2 ? byte >> 4 : byte & 15) !== nearest
      })
      expect(wrong).toEqual([])
    }
  })
  it('int4: a block by hand', () => {
    const column = Float32Array.from({ length: 33 }, (_, at) => (at === 0 ? -8 : at === 1 ? 7 : at === 32 ? 4 : 0))
    const { packed, scales } = quantizeInt4(column, 33, 1)
    expect([...scales.data]).toEqual([1, -0.5])
    expect([...packed.data.subarray(0, 2)]).toEqual([0xf0, 0x88])
    expect([...packed.data.subarray(16, 18)]).toEqual([0x80, 0x88])
  })
  it('refuses a weight of another size', () => {
    expect(() => quantizeInt8(weight, k, 7)).toThrow('a weight of [200, 7] has 1400 values, got 19200')
  })
})
