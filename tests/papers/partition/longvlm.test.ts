import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../src/media/image.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { type Merged, mergeRound, mergeTo } from '../../../src/pipeline/method/matching.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { loadFamily, seen, VIDEO_FAMILIES, videoOf } from '../../pipeline/videos.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { noise } from '../tokens-of.ts'
import { trainTiny } from '../trained.ts'

/** On a machine that is busy with others. */
const PATIENCE = 240_000

const numbers = (x: Tensor): number[] => [...evaluate([x], new Map())[0].data]
const rowsOf = (rows: readonly (readonly number[])[]) => constant(rows.flat(), [1, rows.length, rows[0].length])
const start = (rows: readonly (readonly number[])[]): Merged => {
  const [states, own] = [rowsOf(rows), constant([...rows.keys()], [1, rows.length], 'i64')]
  return { states, metric: states, assignment: own, source: own, sizes: constant(rows.map(() => 1), [1, rows.length]) } // biome-ignore format: one step
}

describe('merging', () => {
  it('is the worked example: of (1, 0), (1, 0), (0, 1), (0.6, 0.8) the first goes into the second', () => {
    const { states, sizes, assignment } = mergeRound(start([[1, 0], [1, 0], [0, 1], [0.6, 0.8]]), 1) // biome-ignore format: one step
    expect(numbers(states)).toEqual([0, 1, 1, 0, expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)])
    expect(numbers(sizes!)).toEqual([1, 2, 1])
    expect(numbers(assignment)).toEqual([1, 1, 0, 2])
  })

  it('weighs tokens by what went into them before', () => {
    const { states, sizes } = mergeRound({ ...start([[4], [1]]), sizes: constant([1, 3], [1, 2]) }, 1)
    expect([numbers(states), numbers(sizes!)]).toEqual([[(4 + 3) / 4], [4]])
  })

  it('takes 2,560 tokens to exactly 30, by halves until the last ten', () => {
    const n = (T: number, to: number): number[] =>
      T > to ? [Math.min(T - to, Math.floor(T / 2)), ...n(T - Math.min(T - to, Math.floor(T / 2)), to)] : []
    expect(n(2560, 30)).toEqual([1280, 640, 320, 160, 80, 40, 10])
    for (const count of [30, 7, 1]) expect(mergeTo(rowsOf(noise(64, 4)), rowsOf(noise(64, 4)), count, true).states.shape[1]).toBe(count) // biome-ignore format: one step
  })

  it('keeps the sum of all, at every size', () => {
    const features = noise(40, 6)
    for (const count of [40, 23, 6, 1]) {
      const { states, sizes } = mergeTo(rowsOf(features), rowsOf(features), count, true)
      const [rows, weights] = [numbers(states), numbers(sizes!)]
      expect(weights.reduce((sum, size) => sum + size, 0)).toBeCloseTo(40, 5)
      for (let column = 0; column < 6; column++) {
        const total = weights.reduce((sum, size, row) => sum + size * rows[6 * row + column], 0)
        expect(total).toBeCloseTo(
          features.reduce((sum, row) => sum + row[column], 0),
          4,
        )
      }
    }
  })

  it('changes nothing where all stay, and equal tokens are one', () => {
    const features = noise(6, 3)
    const { states } = mergeTo(rowsOf(features), rowsOf(features), 6, true)
    for (const [at, value] of numbers(states).entries()) expect(value).toBeCloseTo(features.flat()[at], 6)
    const equal = rowsOf(new Array(8).fill([1, 2]))
    for (const [at, value] of numbers(mergeTo(equal, equal, 3, true).states).entries())
      expect(value).toBeCloseTo([1, 2][at % 2], 6)
  })
})

describe('frames', () => {
  const plain = (value: number): RgbImage => ({ data: new Uint8Array(3).fill(value), width: 1, height: 1 })
  const under = (text: string, count: number) => {
    const video = { frames: Array.from({ length: count }, (_, at) => plain(at)), framesPerSecond: 1 }
    const { frames } = parseMethod(text).see!.frames!(video, { prompt: {} } as never)
    return frames.map(({ data }) => data[0])
  }

  it('are as many as segments divide: from the middles of equal parts, or the nearest again', () => {
    expect(under('longvlm:frames=4,segments=2', 10)).toEqual([1, 3, 5, 8])
    expect(under('longvlm', 100)).toHaveLength(100)
    expect(under('longvlm:segments=10', 8)).toEqual([0, 0, 1, 2, 3, 4, 4, 5, 6, 7])
    expect(under('longvlm:frames=10,segments=4', 9)).toHaveLength(8)
  })
})

describe.each(VIDEO_FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily(family)
  })
  afterAll(() => model.dispose())

  const method = (text: string): Method => withRandomAdapter(model.parts.architecture, parseMethod(text))
  const rows = async (text: string, seeds: readonly number[]) => {
    const { embeds, width } = await seen(model, videoOf(model, seeds), method(text))
    return Array.from({ length: embeds.length / width }, (_, row) => embeds.slice(row * width, (row + 1) * width))
  }
  const near = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) => {
    expect(a).toHaveLength(b.length)
    for (const [row, values] of a.entries())
      for (const [at, value] of values.entries()) expect(Math.abs(value - b[row][at])).toBeLessThan(1e-4)
  }
  const few = 'longvlm:segments=2,tokens=2,states=1'

  it('leaves E + K m tokens; segments that change places change blocks, and nothing global', async () => {
    const [one, other] = [await rows(few, [1, 2, 3, 4]), await rows(few, [3, 4, 1, 2])]
    const behind = one.length - 5 // what separates rows of a packed video
    expect(behind).toBeGreaterThanOrEqual(0)
    near([one[0]], [other[0]])
    near(one.slice(1, 3), other.slice(3, 5))
    near(one.slice(3, 5), other.slice(1, 3))
    const mixed = await rows(few, [1, 3, 2, 4])
    near([mixed[0]], [one[0]])
    expect(mixed.slice(1, 3)).not.toEqual(one.slice(1, 3))
  })

  it('accounts for every patch, and answers', async () => {
    const asked = { prompt: 'what?', videos: [videoOf(model, [1, 2])], maxTokens: 2, ignoreEos: true }
    const { kept, tokens } = await model.generate({ ...asked, method: method(few) })
    expect(kept[0].every((bit) => bit === 1)).toBe(true)
    expect(tokens.visual.after).toBeLessThan(tokens.visual.before)
  })
})

describe('the recipe', () => {
  it('trains the projection, and nothing else', { timeout: PATIENCE }, async () => {
    const run = await trainTiny('longvlm', ['tune'], { steps: 3 })
    expect(run.trained.tune).toEqual(['method.longvlm.projection.bias', 'method.longvlm.projection.weight'])
    expect(run.unreached.tune).toEqual([])
    expect(run.losses.tune.every(Number.isFinite)).toBe(true)
    expect(run.visual).toBe(16)
  })
})
