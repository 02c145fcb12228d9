import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { queryCount, sineTable } from '../../../src/papers/connector/mqt/queries.ts'
import { drawnQueries, mqt } from '../../../src/papers/connector/mqt.ts'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { see } from '../../../src/pipeline/flow/see.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { compile, f32, i64, type Value, weightsOf } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { grad, input, mean, square, type Tensor, topologicalOrder } from '../../../src/tensor/index.ts'
import { firstValue } from '../../../src/training/initialise.ts'
import { miniConfig } from '../../../src/training/mini/config.ts'
import { Rng } from '../../../src/world/rng.ts'
import { PATCHES, picture, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'

const backend = new NodeBackend()
let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const architecture = llava.bind(tinyConfig(64))
const [M, WIDTH] = [9, 32] // two thirds of 4 x 4 patches, along each side
const methodOf = (options: object): Method => compose(buildMethod(mqt, { heads: 4, ...options }))

/** What the connector makes of kept patches, and the leaves that it reads. */
function connected(method: Method, batch: number | string) {
  const p = createScope()
  const patches = input('patches', [batch, PATCHES, WIDTH])
  const features = { layers: [], patches, special: 1, grid: { rows: 4, columns: 4 } }
  const { states, owner } = see(p, architecture, method, { features })
  const value = (name: string) => firstValue(p, name, { seed: 5, depth: 4 })
  const values = [...p.parameters].map(([name, { shape }]) => [name, f32(shape.map(Number), value(name))] as const)
  return { p, states, owner, values: new Map<string, Value>(values) }
}

const randomPatches = (batch: number, seed = 1): Value<Float32Array> => {
  const rng = Rng.from(seed, 'patches')
  const data = Float32Array.from({ length: batch * PATCHES * WIDTH }, () => rng.normal())
  return f32([batch, PATCHES, WIDTH], data)
}

async function run(outputs: Record<string, Tensor>, values: Map<string, Value>, feeds: Record<string, Value>) {
  const program = await compile(backend, outputs, { weights: weightsOf(values) })
  const result = await program.run(feeds)
  await program.dispose()
  return result.values
}

async function tokensOf(options: object, patches: Value<Float32Array>): Promise<number[]> {
  const { states, values } = connected(methodOf(options), patches.dims[0])
  return Array.from((await run({ states }, values, { patches })).states.data as Float32Array)
}

const near = (a: readonly number[], b: readonly number[], by: number) => {
  expect(a).toHaveLength(b.length)
  a.forEach((value, at) => {
    expect(Math.abs(value - b[at])).toBeLessThan(by)
  })
}

describe('the table of sines', () => {
  it('has the values of the paper', () => {
    const [side, C] = [16, 1024]
    const table = sineTable(side, C)
    const at = (channel: number, row: number, column: number) => table[(channel * side + row) * side + column]
    for (const channel of [0, 100, 255, 512, 700]) expect(at(channel, 0, 0)).toBe(0)
    for (const channel of [256, 400, 768, 1023]) expect(at(channel, 0, 0)).toBe(1)
    expect(at(0, 0, 1)).toBeCloseTo(0.84147, 3)
    expect(at(C / 4, 0, 1)).toBeCloseTo(0.5403, 3)
    expect(at(C / 2, 0, 1)).toBe(0)
    expect(at(0, 1, 0)).toBe(0)
    expect(at(C / 2, 1, 0)).toBeCloseTo(0.84147, 3)
  })
})

describe.each(['fixed', 'content'])('the connector with %s keys', (keys) => {
  it('gives with m queries the first m tokens of all of them', async () => {
    const patches = randomPatches(1)
    const all = await tokensOf({ keys }, patches)
    expect(all).toHaveLength(M * WIDTH)
    for (const m of [1, 2, 5, M]) near(await tokensOf({ keys, m }, patches), all.slice(0, m * WIDTH), 1e-6)
  })

  it('gives each image of a batch, of any size, what it gives it alone', async () => {
    const [one, other] = [randomPatches(1, 1), randomPatches(1, 2)]
    const { states, values } = connected(methodOf({ keys, m: 4 }), 'batch')
    const patches = f32([2, PATCHES, WIDTH], Float32Array.from([...one.data, ...other.data]))
    const both = Array.from((await run({ states }, values, { patches })).states.data as Float32Array)
    near(both.slice(0, 4 * WIDTH), await tokensOf({ keys, m: 4 }, one), 1e-5)
    near(both.slice(4 * WIDTH), await tokensOf({ keys, m: 4 }, other), 1e-5)
  })

  it('moves the first m queries, and no others', async () => {
    const { states, p, values } = connected(methodOf({ keys, m: 4 }), 2)
    const queries = p.parameters.get('method.mqt.queries')!
    const [gradient] = grad(mean(square(states)), [queries])
    const { data } = (await run({ gradient }, values, { patches: randomPatches(2) })).gradient
    const rows = Array.from({ length: M }, (_, row) =>
      Array.from(data.slice(row * WIDTH, (row + 1) * WIDTH), Number).some((value) => value !== 0),
    )
    expect(rows).toEqual([true, true, true, true, false, false, false, false, false])
  })
})

describe('keys without content', () => {
  /** Names of the inputs that the attention of queries over patches depends on. */
  const inputsOf = (keys: string) =>
    topologicalOrder([connected(methodOf({ keys }), 1).owner])
      .filter(({ op }) => op.name === 'input')
      .map(({ attrs }) => (attrs as { name: string }).name)

  it('look at the same patches of every image; keys with content do not', () => {
    expect(inputsOf('fixed')).toEqual([])
    expect(inputsOf('content')).toEqual(['patches'])
  })

  it('make tokens that are affine in the normalised patches', async () => {
    // Opposite patches are opposite after the norm, so the middle of their tokens is the same for all of them.
    const middle = async (seed: number) => {
      const { data, dims } = randomPatches(1, seed)
      const [plus, minus] = [
        await tokensOf({}, f32(dims, data)),
        await tokensOf(
          {},
          f32(
            dims,
            data.map((x) => -x),
          ),
        ),
      ]
      return plus.map((value, at) => (value + minus[at]) / 2)
    }
    near(await middle(1), await middle(2), 1e-5)
  })
})

describe('m', () => {
  it('goes from 1 to the number of queries', async () => {
    const ask = (m: number) => {
      const method = withRandomAdapter(tiny.model.parts.architecture, parseMethod('mqt'))
      const chosen = parseMethod(`mqt:m=${m}`)
      return tiny.model.encode(picture(), { ...compose({ ...chosen.parts![0], adapter: method.adapter }) })
    }
    expect((await ask(1)).views[0].embeds.dims).toEqual([1, WIDTH])
    expect((await ask(M)).views[0].embeds.dims).toEqual([M, WIDTH])
    await expect(ask(M + 1)).rejects.toThrow('mqt: m=10, but for this model there are 9 queries; m goes from 1 to 9')
    expect(() => parseMethod('mqt:m=0')).toThrow('mqt: option m')
  })

  it('is drawn even and uniform, from seed and step alone', () => {
    const counts = new Map<number, number>()
    const draws = Array.from({ length: 12_800 }, (_, step) => drawnQueries(step, 256, 1))
    for (const m of draws) counts.set(m, (counts.get(m) ?? 0) + 1)
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 128 }, (_, at) => 2 * (at + 1)))
    expect(Math.abs(draws.reduce((a, b) => a + b, 0) / draws.length - 129)).toBeLessThan(2)
    expect(drawnQueries(77, 256, 1)).toBe(draws[77])
  })

  it('has as many queries as the paper where there are as many patches', () => {
    const { vision, ...rest } = llava.bind(miniConfig(64, 4))
    expect(queryCount({ vision, ...rest })).toBe(64)
    expect(queryCount({ ...rest, vision: { ...vision, grid: () => ({ rows: 24, columns: 24 }) } })).toBe(256)
  })
})

describe('a recipe', () => {
  it('trains the connector with all queries first, then with the first m, and the language model by LoRA', async () => {
    const { stages, options } = mqt.recipe!(mqt.options!.parse({ m: 3, rank: 2 }))
    expect(options).toEqual({ heads: 16, keys: 'fixed', rank: 2, trained: 'elastic' })
    const names = ['method.mqt.queries', 'method.mqt.x.lora_A.weight', 'language_model.lm_head.weight']
    expect(stages.map(({ trains }) => names.filter(trains))).toEqual([names.slice(0, 1), names.slice(0, 2)])
    const p = createScope()
    const { answer } = stages[1].losses(p, architecture, () => [])
    const [batch, text] = [stages[1].batch, 96]
    const values = [...p.parameters].map(([name, { shape }]) => {
      const first = firstValue(p, name, { seed: 1, depth: 4 })
      return [name, f32(shape.map(Number), first)] as const
    })
    const program = await compile(backend, { answer }, { weights: weightsOf(new Map(values)) })
    const losses: number[] = []
    for (const m of [2, 8]) {
      const whole = (fill: number) => i64([batch, text], new Array(batch * text).fill(fill))
      const floats = (fill: number) => f32([batch, text], new Float32Array(batch * text).fill(fill))
      const feeds = {
        patches: f32(
          [batch, PATCHES, WIDTH],
          new Float32Array(batch * PATCHES * WIDTH).map((_, at) => Math.sin(at)),
        ),
        queries: i64([m], [...Array(m).keys()]),
        ids: whole(7),
        segments: whole(1),
        targets: whole(9),
        positions: f32(
          [batch, text],
          new Float32Array(batch * text).map((_, at) => m + (at % text)),
        ),
        weights: floats(1),
      }
      losses.push(Number((await program.run(feeds)).values.answer.data[0]))
    }
    await program.dispose()
    expect(losses.every(Number.isFinite)).toBe(true)
    expect(losses[0]).not.toBe(losses[1])
  })
})

describe('what mqt cannot follow or do', () => {
  const refused = (text: string) =>
    tiny.model.encode(picture(), withRandomAdapter(tiny.model.parts.architecture, parseMethod(text)))

  it('is refused with both names', async () => {
    expect(() => refused('visionzip:keep=.5+mqt')).toThrow('mqt')
    expect(() => refused('mqt:heads=5')).toThrow('mqt: 5 heads do not divide the 32 channels of a patch')
  })
})
