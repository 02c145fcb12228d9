import { describe, expect, it } from 'vitest'
import { expertOf } from '../../../src/models/vision/experts.ts'
import { chessboard, merged, multiScale } from '../../../src/models/vision/multi-scale.ts'
import type { VisionTower } from '../../../src/models/vision/tower.ts'
import { createScope } from '../../../src/nn/index.ts'
import { constant, evaluate, gather, input, mul, reshape, type Tensor, transpose } from '../../../src/tensor/index.ts'

const numbers = (x: Tensor): number[] => [...evaluate([x], new Map())[0].data]
const picture = (side: number, batch = 1, channels = 1): Tensor =>
  constant(
    Array.from({ length: batch * channels * side * side }, (_, at) => at),
    [batch, channels, side, side],
  )

/** A tower whose patches are pixels, times a factor; a special token before them holds the first of its square. */
const pointwise = (side: number, special = 0, factor = 1): VisionTower => ({
  imageSize: side,
  patchSize: 1,
  special,
  ignored: [],
  encode: (_, pixels) => {
    const [batch, channels] = pixels.shape
    const grid = { rows: side, columns: side }
    const patches = transpose(reshape(mul(pixels, factor), [batch, channels, side * side]), [0, 2, 1])
    return { outputs: [{ states: patches, special, grid }], layers: [], grid }
  },
})

const mapOf = (tower: VisionTower, pixels: Tensor) => numbers(tower.encode(createScope(), pixels).outputs[0].states)

describe('the chessboard', () => {
  it('is cut row by row, squares before pictures', () => {
    const cut = chessboard(picture(4, 2), 2)
    expect(cut.shape).toEqual([8, 1, 2, 2])
    const all = numbers(cut)
    const square = (at: number) => all.slice(4 * at, 4 * at + 4)
    expect([square(0), square(1)]).toEqual([[0, 1, 4, 5], [16, 17, 20, 21]]) // biome-ignore format: the first square of both
    expect([square(2), square(4)]).toEqual([[2, 3, 6, 7], [8, 9, 12, 13]]) // biome-ignore format: to the right, below
  })

  it.each([1, 2, 3])('of %s x %s squares is put together again', (n) => {
    const [side, batch, channels] = [2 * n, 2, 3]
    const pixels = picture(side, batch, channels)
    const maps = transpose(reshape(chessboard(pixels, n), [n * n * batch, channels, 4]), [0, 2, 1])
    const whole = transpose(merged(maps, n, batch, 2, 2), [0, 2, 1])
    expect(numbers(whole)).toEqual(numbers(pixels))
  })
})

describe('several scales', () => {
  it('are the worked example: a tower of pixels, 0..15 at scales 2 and 4', () => {
    const states = mapOf(multiScale(pointwise(2), 2, [1, 2]), picture(4))
    const [small, large] = [0, 1].map((channel) => [0, 1, 2, 3].map((at) => states[2 * at + channel]))
    expect(large).toEqual([2.5, 4.5, 10.5, 12.5])
    expect(small.reduce((sum, value) => sum + value / 4, 0)).toBeCloseTo(7.5, 5)
  })

  it('average the features of a large scale over cells, whatever the tower makes of a pixel', () => {
    const states = mapOf(multiScale(pointwise(2, 0, 3), 2, [1, 3]), picture(6))
    const cell = (row: number, column: number) => 3 * (6 * (3 * row + 1) + 3 * column + 1)
    const expected = [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)]
    for (const [at, value] of expected.entries()) expect(states[2 * at + 1]).toBeCloseTo(value, 4)
  })

  it('of one value agree in all channels', () => {
    const pixels = constant(new Float32Array(36).fill(0.5), [1, 1, 6, 6])
    for (const value of mapOf(multiScale(pointwise(2), 2, [1, 2, 3]), pixels)) expect(value).toBeCloseTo(0.5, 6)
  })

  it('are the tower itself where there is one', () => {
    expect(mapOf(multiScale(pointwise(4), 4, [1]), picture(4, 2))).toEqual(mapOf(pointwise(4), picture(4, 2)))
  })

  it('take 1 + 4 + 9 passes of the tower for each picture', () => {
    const passes: unknown[] = []
    const counting: VisionTower = {
      ...pointwise(2),
      encode: (p, pixels) => {
        passes.push(pixels.shape[0])
        return pointwise(2).encode(p, pixels)
      },
    }
    multiScale(counting, 2, [1, 2, 3]).encode(createScope(), picture(6, 2))
    expect(passes).toEqual([2, 8, 18])
  })

  it('average the tokens before the patches over squares', () => {
    // One channel; the first of the four pixels of a square counts as its special token.
    const tower: VisionTower = {
      ...pointwise(2, 1),
      encode: (_, pixels) => {
        const states = reshape(pixels, [pixels.shape[0], 4, 1])
        const grid = { rows: 2, columns: 2 }
        return {
          outputs: [{ states: gather(states, constant([0, 0, 1, 2, 3], [5], 'i64'), 1), special: 1, grid }],
          layers: [],
          grid,
        }
      },
    }
    const [special] = mapOf(multiScale(tower, 2, [2]), picture(4))
    expect(special).toBe((0 + 2 + 8 + 10) / 4)
  })

  it.each([
    ['clip', 'paper', [1, 2, 3], 256, 3072, 1],
    ['siglip', 'paper', [1, 2, 3], 196, 3 * 768, 0],
    ['dinov2', 'small', [1, 2], 144, 192, 5],
  ] as const)('of %s (%s): %s make %s patches of %s channels', (kind, size, scales, patches, channels, special) => {
    const { tower, side } = expertOf(kind, size)
    const pixels = input('pixels', [1, 3, side * Math.max(...scales), side * Math.max(...scales)])
    const { outputs } = multiScale(tower, side, scales).encode(createScope(), pixels)
    expect(tower.special).toBe(special)
    for (const { states } of outputs) expect(states.shape).toEqual([1, special + patches, channels])
  })
})
