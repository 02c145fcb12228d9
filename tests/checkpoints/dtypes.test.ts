import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/checkpoints/dtypes.ts'

const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, i) => i)

test('known f16 values', () => {
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0x3555)
  const values = [1, -2, 65504, 2 ** -24, 2 ** -14, Number.POSITIVE_INFINITY, 0.333251953125]
  expect([...f16ToF32(halves)]).toEqual(values)
})

test('known bf16 values', () => {
  expect([...bf16ToF32(Uint16Array.of(0x3f80, 0xc049, 0x7f80))]).toEqual([1, -3.140625, Number.POSITIVE_INFINITY])
})

test.each([
  ['f16', f16ToF32, f32ToF16],
  ['bf16', bf16ToF32, f32ToBf16],
] as const)('all %s patterns survive a round trip; NaN stays NaN', (_, widen, narrow) => {
  const values = widen(everyHalf)
  const back = narrow(values)
  for (let i = 0; i < 0x10000; i++) {
    if (Number.isNaN(values[i])) expect(Number.isNaN(widen(back.subarray(i, i + 1))[0])).toBe(true)
    else if (back[i] !== i) expect.fail(`pattern ${i} came back as ${back[i]}`)
  }
})

test.each([
  ['f16', f16ToF32, f32ToF16, 0x7c00],
  ['bf16', bf16ToF32, f32ToBf16, 0x7f80],
] as const)('%s narrowing picks the nearest value, ties to even', (_, widen, narrow, infinity) => {
  const grid = widen(everyHalf.subarray(0, infinity))
  for (let i = 0; i + 1 < grid.length; i++) {
    const middle = (grid[i] + grid[i + 1]) / 2 // exact in f32 for f16; for bf16 the bits below are zero too
    const even = i % 2 === 0 ? i : i + 1
    if (narrow(Float32Array.of(middle))[0] !== even) expect.fail(`tie above pattern ${i}`)
  }
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: 0, max: 65504 }), (value) => {
      const pattern = narrow(Float32Array.of(value))[0]
      const distance = (p: number) => Math.abs(grid[p] - value)
      const neighbours = [pattern - 1, pattern + 1].filter((p) => p >= 0 && p < grid.length)
      expect(neighbours.every((p) => distance(pattern) <= distance(p))).toBe(true)
    }),
  )
})

test('f16 overflow becomes infinity, from 65520 on', () => {
  expect([...f16ToF32(f32ToF16(Float32Array.of(65519.99, 65520, -1e9)))]).toEqual([65504, Infinity, -Infinity])
})
