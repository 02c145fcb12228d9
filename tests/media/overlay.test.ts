import { expect, test } from 'vitest'
import { createNodeCanvas } from '../../src/media/canvas-node.ts'
import { decodeImage } from '../../src/media/decode.ts'
import { drawKeptTokens, type KeptTokens } from '../../src/media/overlay.ts'

const image = { data: new Uint8Array(64 * 32 * 3).fill(200), width: 64, height: 32 }
const options = { createCanvas: createNodeCanvas, dim: 0.5, outline: '#ff0000', minSide: 64 }

async function drawn(tokens: KeptTokens | readonly KeptTokens[], minSide = 64) {
  const picture = await decodeImage(await drawKeptTokens(image, tokens, { ...options, minSide }))
  const pixel = (x: number, y: number) => [...picture.data.subarray((y * picture.width + x) * 3).subarray(0, 3)]
  return { ...picture, pixel }
}

test('kept patches stay and are outlined, dropped ones are dimmed', async () => {
  const { pixel, width, height } = await drawn({ grid: [2, 4], kept: [{ row: 1, col: 2 }] })
  expect([width, height]).toEqual([64, 32])
  expect(pixel(40, 24)).toEqual([200, 200, 200])
  expect(pixel(32, 16)).toEqual([255, 0, 0])
  expect(pixel(8, 8)).toEqual([100, 100, 100])
})

test('shares between 0 and 1 dim in proportion', async () => {
  const { pixel } = await drawn({ grid: [1, 2], kept: Float32Array.of(0.5, 0) })
  expect(pixel(16, 16)).toEqual([150, 150, 150])
  expect(pixel(48, 16)).toEqual([100, 100, 100])
})

const GREYS = [0x8a, 0x5a]

test('what a view does not show is chequered, and nothing there is kept', async () => {
  // The middle of 64 x 32 pixels, and one patch of padding above and below it.
  const box = { left: 16, top: -16, width: 32, height: 64 }
  const { pixel } = await drawn({ grid: [4, 2], kept: new Float32Array(8).fill(1), box })
  for (const x of [0, 7, 15, 48, 63]) {
    const [red, green, blue] = pixel(x, 16)
    expect(GREYS).toContain(red)
    expect([green, blue]).toEqual([red, red])
  }
  expect(new Set([2, 6, 10, 14].map((x) => pixel(x, 16)[0])).size).toBe(2)
  expect(pixel(24, 8)).toEqual([200, 200, 200])
  for (const x of [16, 31, 32, 47]) expect(pixel(x, 8)).toEqual([255, 0, 0])
})

test('patches that reach beyond the image are cut at its edge', async () => {
  const box = { left: -16, top: 0, width: 64, height: 32 }
  const { pixel } = await drawn({ grid: [1, 2], kept: [{ row: 0, col: 0 }], box })
  expect(pixel(8, 16)).toEqual([200, 200, 200])
  expect(pixel(0, 16)).toEqual([255, 0, 0])
  expect(pixel(24, 16)).toEqual([100, 100, 100])
  expect(GREYS).toContain(pixel(56, 16)[0])
})

test('of several views the brightest counts', async () => {
  const whole = { grid: [1, 1] as const, kept: [] }
  const tile = { grid: [1, 1] as const, kept: Float32Array.of(1), box: { left: 32, top: 0, width: 32, height: 32 } }
  const { pixel } = await drawn([whole, tile])
  expect(pixel(16, 16)).toEqual([100, 100, 100])
  expect(pixel(48, 16)).toEqual([200, 200, 200])
  expect(pixel(32, 16)).toEqual([255, 0, 0])
})

test('small images are enlarged by a whole factor', async () => {
  expect(await drawn({ grid: [1, 1], kept: [] }, 100)).toMatchObject({ width: 128, height: 64 })
})

test.each<[KeptTokens, string]>([
  [{ grid: [2, 2], kept: [{ row: 2, col: 0 }] }, 'row 2, column 0'],
  [{ grid: [2, 2], kept: new Float32Array(3) }, '3 shares for a grid of 2x2'],
  [{ grid: [1, 1], kept: Float32Array.of(Number.NaN) }, 'between 0 and 1'],
  [{ grid: [0, 2], kept: [] }, '0x2'],
])('%o is refused', async (tokens, message) => {
  await expect(drawKeptTokens(image, tokens, options)).rejects.toThrow(message)
})
