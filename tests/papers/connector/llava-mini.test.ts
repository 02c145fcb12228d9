import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../src/media/image.ts'
import { middles } from '../../../src/media/video/pick-frames.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { compress, sinesOf } from '../../../src/papers/connector/llava-mini/compressor.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import type { Method, Site, Stage } from '../../../src/pipeline/method/method.ts'
import { weightsUnder } from '../../../src/pipeline/method/own-weights.ts'
import type { Sequence } from '../../../src/pipeline/method/sequence.ts'
import { allPatches, type GatheredTokens, type VisualTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import { compile } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { countCost } from '../../../src/runtime/program.ts'
import { add, constant, type Tensor } from '../../../src/tensor/index.ts'
import { largestDifference, picture, prefill, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { pictureChunk, runChunks, textChunk } from '../read-side.ts'
import { numbersIn, siteOf } from '../site.ts'
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

const WIDTH = 32
const method = (text: string): Method => withRandomAdapter(tiny.model.parts.architecture, parseMethod(text))
const wave = (length: number, by: number) => Array.from({ length }, (_, at) => Math.sin(by * (at + 1)))
const question = [21, 40, 33]

interface Prompt {
  /** Features of the patches of each frame, [n, d] one after the other. */
  readonly frames: readonly (readonly number[])[]
  /** Embeddings of the text behind the visual tokens. */
  readonly text: readonly (readonly number[])[]
  /** How many of these, at the end, the model itself said. */
  readonly answer?: number
  readonly opening?: number
}

const word = (at: number) => wave(WIDTH, 0.3 + at)
const frame = (at: number, patches = 6) => wave(patches * WIDTH, 1.1 + at)

/** What the fusion makes of the rows of a prompt: visual tokens, one of each frame, then text. */
async function fused(own: Method, { frames, text, answer = 0, opening = 1 }: Prompt): Promise<number[][]> {
  const [count, length] = [frames.length, frames.length + text.length]
  const states = [...frames.map((_, _at) => wave(WIDTH, 2.3)), ...text].flat()
  const rows = frames.flatMap((features) =>
    Array.from({ length: features.length / WIDTH }, (_, at) => [
      ...features.slice(at * WIDTH, (at + 1) * WIDTH),
      at === 0 ? 1 : 0,
      1,
      0,
    ]),
  )
  const slots = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
  const said = slots(0, length).map((slot) => (slot >= length - answer ? 1 : 0))
  const seq: Sequence = {
    states: constant(states, [1, length, WIDTH]),
    positions: constant(slots(0, length), [1, length]),
    tags: { answer: constant(said, [1, length], 'i64') },
    visual: constant(slots(0, count), [1, count], 'i64'),
    text: constant(slots(count, length), [1, text.length], 'i64'),
    source: constant(slots(0, count), [1, count], 'i64'),
    opening: constant([opening], []),
    ran: [],
    changedBy: [],
  }
  const memory = { patches: constant(rows.flat(), [1, rows.length, WIDTH + 3]) }
  const site = siteOf(tiny.model.parts.architecture, { memory, p: createScope().at('method') })
  const { states: out } = own.read!.sequence!(seq, site)
  const program = await compile(backend, { out }, weightsUnder(own, tiny.model.parts.weights))
  const { values } = await program.run({})
  await program.dispose()
  const data = Array.from(values.out.data, Number)
  return slots(0, length).map((slot) => data.slice(slot * WIDTH, (slot + 1) * WIDTH))
}

describe('pre-fusion', () => {
  const text = [word(1), word(2), word(3)]
  const plain: Prompt = { frames: [frame(1)], text }

  it('is causal: a word changes itself and what follows, not the picture nor what came before', async () => {
    const own = method('llava-mini')
    const [before, after] = [await fused(own, plain), await fused(own, { ...plain, text: [word(1), word(9), word(3)] })]
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2))
    expect(largestDifference(after[2], before[2])).toBeGreaterThan(1e-3)
    expect(largestDifference(after[3], before[3])).toBeGreaterThan(1e-4)
  })

  it('writes the picture into the text before the language model', async () => {
    const own = method('llava-mini')
    const [one, other] = [await fused(own, plain), await fused(own, { ...plain, frames: [frame(2)] })]
    for (const slot of [0, 1, 2, 3]) expect(largestDifference(one[slot], other[slot])).toBeGreaterThan(1e-3)
  })

  it('leaves answers bit by bit, and nothing hears of them', async () => {
    const own = method('llava-mini')
    const spoken = await fused(own, { ...plain, text: [...text, word(4), word(5)], answer: 2 })
    expect(spoken[4]).toEqual(word(4).map(Math.fround))
    expect(spoken[5]).toEqual(word(5).map(Math.fround))
    const other = await fused(own, { ...plain, text: [...text, word(7), word(5)], answer: 2 })
    expect(other.slice(0, 4)).toEqual(spoken.slice(0, 4))
    const alone = await fused(own, plain)
    for (const slot of [0, 1, 2, 3]) expect(largestDifference(alone[slot], spoken[slot])).toBeLessThan(1e-5)
  })

  it('is the mean over frames, which do not see each other', async () => {
    const own = method('llava-mini')
    const one = await fused(own, plain)
    const three = await fused(own, { frames: [frame(1), frame(1), frame(1)], text })
    for (const at of [0, 1, 2]) expect(largestDifference(three[at], one[0])).toBeLessThan(1e-5)
    for (const at of [1, 2, 3]) expect(largestDifference(three[at + 2], one[at])).toBeLessThan(1e-5)
    const [second, both] = [
      await fused(own, { frames: [frame(2, 4)], text }),
      await fused(own, { frames: [frame(1), frame(2, 4)], text }),
    ]
    expect(largestDifference(both[1], second[0])).toBeLessThan(1e-5)
    const mean = one[2].map((value, at) => (value + second[2][at]) / 2)
    expect(largestDifference(both[3], mean)).toBeLessThan(1e-5)
  })

  it('does nothing without layers, nor to what comes after the pictures', async () => {
    const start = [wave(WIDTH, 2.3), ...text].map((row) => row.map(Math.fround))
    expect(await fused(method('llava-mini:layers=0'), plain)).toEqual(start)
    const later = await fused(method('llava-mini'), { ...plain, frames: [], opening: 0 })
    expect(later).toEqual(start.slice(1))
  })
})

describe('the compressor', () => {
  /** Z of 16 patches of width 8, in the order given. */
  function compressed(side: number, order: readonly number[]): number[] {
    const patches = order.flatMap((at) => wave(8, 0.4 + at))
    const vision = { layers: [], patches: constant(patches, [1, 16, 8]), special: 0, grid: { rows: 4, columns: 4 } }
    const site = siteOf({ prompt: {} }, { p: createScope() })
    const { connector } = parseMethod(`llava-mini:side=${side}`).see!
    const { states } = (connector as Stage<VisualTokens, VisualTokens, Site>)(allPatches(vision), (same) => same, site)
    const weights = [...site.p.parameters].map(([name, { shape }]) => {
      return [
        name,
        wave(
          shape.map(Number).reduce((a, b) => a * b, 1),
          0.9,
        ),
      ] as const
    })
    return numbersIn([states], site.p, Object.fromEntries(weights))[0]
  }

  it('does not know where patches lie with one query, and does with four', () => {
    const raster = Array.from({ length: 16 }, (_, at) => at)
    const mixed = raster.map((at) => (at * 5 + 3) % 16)
    expect(largestDifference(compressed(1, mixed), compressed(1, raster))).toBeLessThan(1e-9)
    expect(largestDifference(compressed(2, mixed), compressed(2, raster))).toBeGreaterThan(1e-4)
  })

  it('has sines and cosines of the column, then of the row', () => {
    const [table] = numbersIn([sinesOf(2, 8)])
    const at = (channel: number) => table.slice(channel * 4, channel * 4 + 4)
    expect(at(0)[1]).toBeCloseTo(Math.sin(1))
    expect(at(1)[1]).toBeCloseTo(Math.sin(0.01))
    expect(at(2)).toEqual([1, Math.fround(Math.cos(1)), 1, Math.fround(Math.cos(1))])
    expect(at(4)[2]).toBeCloseTo(Math.sin(1))
    expect(at(4)[1]).toBe(0)
  })
})

describe('LLaVA-Mini', () => {
  it.each([
    [1, 1],
    [2, 3],
  ])('with C = %s and %s frames the prompt is as long as its text and C * C tokens each', async (side, count) => {
    const own = method(`llava-mini:side=${side}`)
    const frames = Array.from({ length: count }, (_, at) => picture(at + 1))
    const chunk = await pictureChunk(tiny.model, own, frames, question)
    expect(chunk.order).toHaveLength(question.length + count * side ** 2)
    const [{ rows, logits }] = await runChunks(tiny.model, own, [chunk])
    expect(rows).toEqual(new Array(4).fill(chunk.order.length))
    expect(logits.every(Number.isFinite)).toBe(true)
  })

  it('decodes plain embeddings after a fused prompt, chunk after chunk', async () => {
    const own = method('llava-mini')
    const opening = await pictureChunk(tiny.model, own, [picture()], question)
    const [first, second] = [textChunk(tiny.model, [31, 62], opening), textChunk(tiny.model, [31], opening)]
    const third = textChunk(tiny.model, [62], second)
    const [, together] = await runChunks(tiny.model, own, [opening, first])
    const [, , stepwise] = await runChunks(tiny.model, own, [opening, second, third])
    expect(largestDifference(stepwise.logits, together.logits)).toBeLessThan(1e-4)
    expect(own.needs).toEqual({ prompt: true })
  })

  it('answers about a picture', async () => {
    const { chunk, logits } = await prefill(tiny.model, { method: method('llava-mini') })
    expect(chunk.visual.dims[0]).toBe(1)
    expect(logits).not.toEqual(
      (await prefill(tiny.model, { method: method('llava-mini'), images: [picture(2)] })).logits,
    )
  })

  it('costs less than 40 % of all patches where text is short', () => {
    const { text_config, ...rest } = tinyConfig(1000)
    const sizes = { hidden_size: 256, intermediate_size: 688, num_hidden_layers: 32 }
    const architecture = llava.bind({ ...rest, text_config: { ...text_config, ...sizes } })
    const flops = (text: string, visual: number) => {
      const past = Object.fromEntries(Array.from({ length: 32 }, (_, layer) => [`past${layer}`, 0]))
      const bound = { text: 20, visual, answer: 0, asked: 1, frames: 1, patches: 576, 'memory.patches': 576, ...past }
      return countCost(Object.values(traceLanguage(architecture, parseMethod(text)).outputs), bound).flops
    }
    expect(flops('llava-mini:lora=0', 1) / flops('dense', 576)).toBeLessThan(0.4)
  })
})

describe('frames of a video', () => {
  it('come from the middle of equal shares', () => {
    expect(middles(10, 4)).toEqual([1, 3, 5, 8])
    expect(middles(9, 1)).toEqual([4])
  })

  it('are as many as are asked for, where there are so many; an image is none', () => {
    const { architecture } = tiny.model.parts
    const frames = Array.from({ length: 10 }, (_, at) => ({ image: picture(at, 40, 40), width: 32, height: 32 }))
    const seen = (text: string, count: number, image?: RgbImage) =>
      parseMethod(text).see!.views!(frames.slice(0, count), { ...architecture, image })
    expect(seen('llava-mini:frames=4', 10)).toEqual([1, 3, 5, 8].map((at) => frames[at]))
    expect(seen('llava-mini:frames=4', 3)).toEqual(frames.slice(0, 3))
    expect(seen('llava-mini:frames=4', 10, picture())).toHaveLength(10)
    expect(seen('llava-mini:frames=2,resolution=2', 10)).toHaveLength(2 * 5)
  })
})

describe('high resolution', () => {
  const { views, tokens } = parseMethod('llava-mini:side=3,resolution=2').see!

  it('sees 2 x 2 blocks of the padded square, row by row, and then the whole of it', () => {
    const image = { ...picture(1, 64, 32), data: new Uint8Array(3 * 64 * 32).fill(200) }
    const cut = views!([], { ...tiny.model.parts.architecture, image })
    expect(cut.map(({ width, height }) => [width, height])).toEqual(new Array(5).fill([32, 32]))
    expect(cut.map(({ tile }) => tile && [tile.row, tile.column])).toEqual([[1, 1], [1, 2], [2, 1], [2, 2], undefined])
    expect(cut[4].image).toMatchObject({ width: 64, height: 64 })
    // 16 rows of black above the image, and below it.
    for (const [at, from] of [16, 16, 0, 0].entries()) {
      const { data } = cut[at].image
      const rows = Array.from({ length: 32 }, (_, row) => data[3 * 32 * row])
      expect(rows).toEqual(Array.from({ length: 32 }, (_, row) => (row >= from && row < from + 16 ? 200 : 0)))
    }
  })

  it('cuts every frame of a video', () => {
    const frames = [1, 2].map((seed) => ({ image: picture(seed, 40, 40), width: 32, height: 32 }))
    const cut = views!(frames, tiny.model.parts.architecture)
    expect(cut.map(({ tile }) => tile !== undefined)).toEqual([1, 1, 1, 1, 0, 1, 1, 1, 1, 0].map(Boolean))
  })

  const D = 8
  /** Which patch of which view a row is about, in every number of it. */
  const named = (view: number, patch: number) => [10 * view + patch, ...wave(D - 1, 1 + view + patch / 7)]
  const rowsOf = (count: number) =>
    Array.from({ length: count }, (_, view) => [0, 1, 2, 3].map((patch) => named(view, patch)))
  const tagsOf = (view: number, patch: number) => [patch === 0 ? 1 : 0, 2, view]

  /** What becomes of five views of 2 x 2 patches whose projector adds 1. */
  function together(count = 5) {
    const rows = rowsOf(count)
    const left = rows.map((view, at) => view.map((row, patch) => [...row, ...tagsOf(at, patch)]))
    const given: GatheredTokens = {
      states: constant(new Array(count * 2 * D).fill(0), [count, 2, D]),
      owner: constant(new Array(count * 4).fill(0), [count, 4], 'i64'),
      signals: {},
      memory: {
        blocks: constant(rows.flat(2), [count, 4, D]),
        patches: constant(left.flat(2), [count, 4, D + 3]),
      },
      changedBy: [],
    }
    const connect = (_: unknown, x: Tensor) => add(x, 1)
    const site = siteOf({ name: 'test', vision: { connect } }, { p: createScope() })
    return { made: tokens!(given, site), site, rows }
  }

  it('brings the patches of all blocks into one raster, and leaves those of the whole behind them', () => {
    const { made } = together()
    expect(Object.keys(made.memory)).toEqual(['patches'])
    const [left] = numbersIn([made.memory.patches])
    const first = Array.from({ length: 20 }, (_, row) => left[row * (D + 3)])
    expect(first).toEqual([0, 1, 10, 11, 2, 3, 12, 13, 20, 21, 30, 31, 22, 23, 32, 33, 40, 41, 42, 43])
    const tags = Array.from({ length: 20 }, (_, row) => left.slice(row * (D + 3) + D, (row + 1) * (D + 3)))
    expect(tags).toEqual(Array.from({ length: 20 }, (_, row) => tagsOf(Math.floor(row / 4), row % 4)))
  })

  it('compresses that raster by C x C queries, which fill the first slots', () => {
    const { made, site, rows } = together()
    const ofRow = (row: number) =>
      [0, 1, 2, 3].map((column) => {
        const view = 2 * Math.floor(row / 2) + Math.floor(column / 2)
        return rows[view][2 * (row % 2) + (column % 2)]
      })
    const raster = [0, 1, 2, 3].flatMap(ofRow).flat()
    const Z = compress(site.p.at('llava-mini'), constant(raster, [1, 16, D]), { rows: 4, columns: 4 }, 3)
    const weights = [...site.p.parameters].map(([name, { shape }], at) => {
      const size = shape.map(Number).reduce((a, b) => a * b, 1)
      return [name, wave(size, 0.9 + at)] as const
    })
    const [states, alone] = numbersIn([made.states, add(Z, 1)], site.p, Object.fromEntries(weights))
    expect(largestDifference(states.slice(0, 9 * D), alone)).toBeLessThan(1e-9)
    expect(states.slice(9 * D)).toEqual(new Array(D).fill(0))
  })

  it('refuses a number of views that is not that of whole images', () => {
    expect(() => together(4)).toThrow('llava-mini makes 5 views of each image, and here are 4')
  })

  it.each([1, 2])('of %s images gives the language model C * C tokens each', async (count) => {
    const own = method('llava-mini:side=3,resolution=2,layers=1')
    const images = Array.from({ length: count }, (_, at) => picture(at + 1, 64, 40))
    const opening = await pictureChunk(tiny.model, own, images, question)
    const [first, second] = [textChunk(tiny.model, [31, 62], opening), textChunk(tiny.model, [31], opening)]
    const [prompt, together] = await runChunks(tiny.model, own, [opening, first])
    expect(prompt.rows).toEqual(new Array(4).fill(question.length + count * 9))
    const steps = await runChunks(tiny.model, own, [opening, second, textChunk(tiny.model, [62], second)])
    expect(largestDifference(steps[2].logits, together.logits)).toBeLessThan(1e-4)
    const other = await pictureChunk(tiny.model, own, [...images.slice(0, -1), picture(9, 64, 40)], question)
    expect((await runChunks(tiny.model, own, [other]))[0].logits).not.toEqual(prompt.logits)
  })
})

describe('the recipe', () => {
  it.each([
    ['llava-mini:layers=1', 1],
    ['llava-mini:layers=1,side=3,resolution=2', 10],
  ])('of %s trains compressor, fusion, projector and language model', async (method, visual) => {
    const run = await trainTiny(method, ['tune'])
    expect(run.losses.tune.every(Number.isFinite)).toBe(true)
    expect(run.unreached).toEqual({ tune: [] })
    for (const part of ['llava-mini.compressor', 'llava-mini.fusion', 'multi_modal_projector', 'lora_B'])
      expect(run.trained.tune.some((name) => name.includes(part))).toBe(true)
    expect(run.visual).toBe(visual)
    expect(run.text).not.toBe('')
  })
})
