import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cellBins, overCells, overSlice } from '../../../src/models/connectors/slice-resampler.ts'
import { bestSize, sliceGrid, sliceSize } from '../../../src/models/views/slices.ts'
import type { View } from '../../../src/models/views/view.ts'
import { resampledPositions } from '../../../src/models/vision/transformer.ts'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { withAdapter } from '../../../src/pipeline/method/own-weights.ts'
import { compile, f32, weightsOf } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { constant, evaluate, input } from '../../../src/tensor/index.ts'
import { initialise } from '../../../src/training/initialise.ts'
import { isLora } from '../../../src/training/lora.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { trainTiny } from '../trained.ts'

let tiny: Tiny
const backend = new NodeBackend()
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const options = { side: 336, patch: 14, most: 7 }

describe('slices of LLaVA-UHD', () => {
  it.each([
    [672, 1008, '2,3', '336x336', '266x406'],
    [1000, 600, '3,2', '350x308', '420x252'],
    [1920, 1080, '3,2', '364x308', '448x252'],
    [600, 450, '2,2', '378x280', '378x280'],
    [400, 400, '1,2', '462x224', '336x336'],
    [3000, 500, '6,1', '336x336', '812x126'],
  ])('%s x %s: %s of %s, and the whole image as %s', (width, height, cells, slice, overview) => {
    const image = { width, height }
    const grid = sliceGrid(image, options)!
    expect(`${grid.columns},${grid.rows}`).toBe(cells)
    const named = (size: { width: number; height: number }) => `${size.width}x${size.height}`
    expect(named(sliceSize(image, grid, options))).toBe(slice)
    expect(named(bestSize(image, options))).toBe(overview)
  })

  it('200 x 100 stays whole, and is enlarged', () => {
    expect(sliceGrid({ width: 200, height: 100 }, options)).toBeUndefined()
    expect(bestSize({ width: 200, height: 100 }, options, true)).toEqual({ width: 462, height: 224 })
  })

  it('have at most as many patches as the encoder was trained on, and nearly its shape', () => {
    const wide = { ...options, most: 21 }
    for (let width = 100; width < 2400; width += 37)
      for (let height = 100; height < 2400; height += 41) {
        const grid = sliceGrid({ width, height }, wide)
        const size = grid ? sliceSize({ width, height }, grid, wide) : bestSize({ width, height }, wide, true)
        expect((size.width / 14) * (size.height / 14)).toBeLessThanOrEqual(576)
        const isInside = Math.ceil((width * height) / 336 ** 2) <= 20 && width <= 6 * height && height <= 6 * width
        if (!grid || !isInside) continue
        const [across, down] = [width / grid.columns, height / grid.rows]
        expect(across / down).toBeGreaterThanOrEqual(0.5)
        expect(across / down).toBeLessThanOrEqual(2)
        expect((across * down) / 336 ** 2).toBeGreaterThan(0.33)
        expect((across * down) / 336 ** 2).toBeLessThan(1.5)
      }
  })

  it('together are the resized image, bit for bit, in reading order', () => {
    const slices = viewsOf(64, 96).slice(0, -1)
    const whole = new Uint8Array(3 * 64 * 96)
    for (const [at, { image, width, height }] of slices.entries())
      for (let y = 0; y < height; y++) {
        const row = (Math.floor(at / 2) * height + y) * 64 + (at % 2) * width
        whole.set(image.data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * row)
      }
    expect(whole).toEqual(picture(1, 64, 96).data) // which has this size already
  })
})

/** What becomes of a picture for the tiny model, whose encoder was trained on 32 x 32 pixels in patches of 8. */
function viewsOf(width: number, height: number, method = 'llava-uhd'): readonly View[] {
  const { architecture } = tiny.model.parts
  return parseMethod(method).see!.views!([], { ...architecture, image: picture(1, width, height) })
}

describe('the layout of slices', () => {
  it('is told by commas between them and line breaks after rows, nothing behind the whole image', () => {
    expect(viewsOf(64, 96).map(({ text }) => text?.after)).toEqual([',', '\n', ',', '\n', ',', '\n', undefined])
    expect(viewsOf(30, 30).map(({ text }) => text)).toEqual([{}])
    expect(viewsOf(64, 96, 'llava-uhd:slices=1')).toHaveLength(1)
  })

  it('is text of the prompt: (m n + 1) Q visual tokens and m n others', async () => {
    const method = ready('llava-uhd:queries=9')
    const { views, prompt } = await tiny.model.encode(picture(1, 64, 96), method)
    const { imageToken } = tiny.model.parts.architecture.prompt
    expect(views.map(({ embeds }) => embeds.dims)).toEqual(new Array(7).fill([9, 32]))
    expect(prompt.filter((id) => id === imageToken)).toHaveLength(7)
    expect(prompt.filter((id) => id !== imageToken)).toHaveLength(6)
    const { text, tokens } = await tiny.model.generate({
      prompt: 'what is it?',
      images: [picture(1, 64, 96), picture(2, 40, 40)],
      method,
      maxTokens: 3,
    })
    expect(tokens.visual.after).toBe(7 * 9 + 3 * 9)
    expect(text).not.toBe('')
  })
})

const ready = (name: string): Method => withRandomAdapter(tiny.model.parts.architecture, parseMethod(name))

describe('positions of an encoder for another grid', () => {
  const table = constant(
    Array.from({ length: 24 * 24 * 2 }, (_, at) => Math.floor(at / 2)),
    [576, 2],
  )
  it('are the learnt ones for its own grid, and constant ones stay so', () => {
    expect(resampledPositions(table, 24, { rows: 24, columns: 24 })).toBe(table)
    const flat = constant(new Array(576).fill(3), [576, 1])
    const [{ data }] = evaluate([resampledPositions(flat, 24, { rows: 12, columns: 12 })], new Map())
    expect(data).toHaveLength(144)
    for (const value of data) expect(value).toBeCloseTo(3, 5)
  })
})

describe('the resampler of cells', () => {
  it.each([
    [24, 24, '3,3'],
    [25, 22, '3,3'],
    [26, 22, '4,3'],
    [30, 18, '3,2'],
    [33, 16, '4,2'],
    [16, 33, '2,4'],
  ])('%s x %s patches: %s places in a cell', (columns, rows, expected) => {
    const bins = cellBins({ columns, rows })
    expect(`${bins.columns},${bins.rows}`).toBe(expected)
  })

  it('reads its own cell and the patches beside it, and nothing else', async () => {
    const grid = { rows: 24, columns: 26 }
    const patches = features(1, 24 * 26)
    const changed = Float32Array.from(patches)
    const [row, column] = [13, 9] // in the cell of row 6 and column 4
    for (let i = 0; i < 8; i++) changed[(row * 26 + column) * 8 + i] += 5
    const [before, after] = [await resampled(overCells, patches, grid), await resampled(overCells, changed, grid)]
    const moved = Array.from({ length: 144 }, (_, query) => query).filter(
      (query) =>
        largestDifference(before.subarray(query * 16, query * 16 + 16), after.subarray(query * 16, query * 16 + 16)) >
        1e-6,
    )
    expect(moved).toContain(6 * 12 + 4)
    for (const query of moved) {
      expect(Math.abs(Math.floor(query / 12) - 6)).toBeLessThanOrEqual(1)
      expect(Math.abs((query % 12) - 4)).toBeLessThanOrEqual(1)
    }
  })
})

describe('the resampler of the paper', () => {
  it('lets every query see every patch', async () => {
    const grid = { rows: 4, columns: 6 }
    const patches = features(1, 24)
    const changed = Float32Array.from(patches)
    for (let i = 0; i < 8; i++) changed[i] += 5
    const [before, after] = [await resampled(overSlice, patches, grid), await resampled(overSlice, changed, grid)]
    for (let query = 0; query < 144; query++)
      expect(before.subarray(query * 16, query * 16 + 16)).not.toEqual(after.subarray(query * 16, query * 16 + 16))
  })

  it.each(['llava-uhd', 'llava-uhd:resampler=cells'])(
    '%s: says of each patch which token it counts to',
    async (name) => {
      const { views } = await tiny.model.encode(picture(1, 64, 40), ready(name))
      const count = name.endsWith('cells') ? 144 : 64
      for (const { owner, grid, embeds } of views) {
        expect(embeds.dims).toEqual([count, 32])
        expect(owner).toHaveLength(grid.rows * grid.columns)
        expect(Math.min(...owner)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...owner)).toBeLessThan(count)
      }
    },
  )
})

/** Patches of 8 numbers. */
const features = (seed: number, count: number): Float32Array => {
  const rng = Rng.from(seed, 'features')
  return Float32Array.from({ length: count * 8 }, () => rng.normal())
}

/** 144 tokens of 16 numbers. */
async function resampled(
  resampler: typeof overCells,
  patches: Float32Array,
  grid: { rows: number; columns: number },
): Promise<Float32Array> {
  const scope = createScope()
  const shape = [1, grid.rows * grid.columns, 8]
  const { states } = resampler(scope, input('patches', shape), { side: 12, width: 16, grid })
  const weights = [...scope.parameters].map(([name, leaf]) => {
    const sizes = leaf.shape.map(Number)
    return [name, f32(sizes, initialise(name, sizes, 1, Rng.from(1, name)))] as const
  })
  const program = await compile(backend, { states }, { weights: weightsOf(new Map(weights)) })
  const { values } = await program.run({ patches: f32(shape, patches) })
  await program.dispose()
  return values.states.data as Float32Array
}

describe('LLaVA-UHD refuses', () => {
  const encode = (method: Method) => tiny.model.encode(picture(7, 64, 40), method)

  it('weights that are not there', async () => {
    await expect(encode(parseMethod('llava-uhd'))).rejects.toMatchObject({
      code: 'adapter_missing',
      message: expect.stringContaining('method.llava-uhd.'),
    })
  })

  it('weights of other options', async () => {
    const { adapter } = ready('llava-uhd')
    const [bare] = parseMethod('llava-uhd:queries=16').parts!
    await expect(encode(withAdapter(bare, adapter!))).rejects.toMatchObject({
      code: 'adapter_mismatch',
      message: expect.stringContaining('ask for [1,16,32]'),
    })
  })

  it('patches of which some were dropped before', async () => {
    const method = () => ready('visionzip:keep=.5+llava-uhd')
    expect(method).toThrow(
      expect.objectContaining({ code: 'method_unfit', message: expect.stringContaining('visionzip') }),
    )
  })

  it('a number of queries that fills no square', () => {
    expect(() => parseMethod('llava-uhd:queries=60')).toThrow('option queries: must be a square number')
  })
})

describe('the recipe', () => {
  it.each(['global', 'cells'])(
    'trains the resampler of %s on the whole image, then on slices with the language model',
    async (resampler) => {
      const run = await trainTiny(`llava-uhd:slices=4,queries=9,resampler=${resampler}`, ['align', 'tune'])
      expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
      expect(run.unreached).toEqual({ align: [], tune: [] })
      expect(run.trained.align.some(isLora)).toBe(false)
      expect(run.trained.tune.some(isLora)).toBe(true)
      expect(run.visual).toBe(5 * 9)
      expect(run.text).not.toBe('')
    },
  )

  it('refuses images whose slices are no squares', async () => {
    await expect(trainTiny('llava-uhd:queries=9', ['align', 'tune'])).rejects.toMatchObject({
      code: 'bank_views',
      message: expect.stringContaining('llava-uhd'),
    })
  })
})
