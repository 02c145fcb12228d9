import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llama } from '../../../src/models/language/llama.ts'
import { toRows } from '../../../src/models/language/sequence.ts'
import { createScope, type Scope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { LayerSite, Stage } from '../../../src/pipeline/method/method.ts'
import type { Sequence } from '../../../src/pipeline/method/sequence.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { compile, f32, i64, type Value } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { concat, constant, evaluate, gather, input, reshape, type Tensor } from '../../../src/tensor/index.ts'
import {
  LAYERS,
  largestDifference,
  PATCHES,
  picture,
  prefill,
  promptChunk,
  type Tiny,
  tinyConfig,
  tinyModel,
} from '../../pipeline/tiny-model.ts'

let tiny: Tiny
const backend = new NodeBackend()
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const ascending = (values: readonly number[]) => values.every((value, at) => at === 0 || value > values[at - 1])

describe('what FastV keeps', () => {
  it('is in raster order, k exactly, and nothing of the text is lost', async () => {
    const dense = await prefill(tiny.model)
    const length = dense.rows[0]
    const { kept, rows } = await prefill(tiny.model, { method: parseMethod('fastv:layer=2,keep=.25') })
    expect(kept).toHaveLength(4)
    expect(ascending(kept)).toBe(true)
    expect(rows).toEqual([length, length, length - 12, length - 12])
  })

  it.each([
    [0, 0],
    [0.5, 8],
    [1, PATCHES],
  ])('keep=%s: %s visual tokens', async (keep, count) => {
    const { kept, rows, logits } = await prefill(tiny.model, { method: parseMethod(`fastv:layer=1,keep=${keep}`) })
    expect(kept).toHaveLength(count)
    expect(rows[LAYERS - 1]).toBe(rows[0] - PATCHES + count)
    expect(logits.every(Number.isFinite)).toBe(true)
  })

  it('is the worked example: attention (.1, .4, .05, .45) and half of four keep 1 and 3', () => {
    expect(keptOf([0.1, 0.4, 0.05, 0.45], 0.5)).toEqual([1, 3])
    expect(keptOf([0.1, 0.4, 0.05, 0.45], 0)).toEqual([])
    expect(keptOf([0.1, 0.4, 0.05, 0.45], 1)).toEqual([0, 1, 2, 3])
  })

  it('takes the first of equals', () => {
    expect(keptOf([0.25, 0.25, 0.25, 0.25], 0.5)).toEqual([0, 1])
  })

  it('is said of every layer, and stays for the turns after it', async () => {
    const method = parseMethod('fastv:layer=2,keep=.25')
    const conversation = await tiny.model.converse([picture()], method)
    const first = await conversation.ask('how many red circles are there?', { maxTokens: 3 })
    const second = await conversation.ask('what is the word?', { maxTokens: 3 })
    await conversation.close()
    expect(first.tokens.visual).toEqual({ before: 16, after: 16, last: 4, layers: [16, 16, 4, 4] })
    expect(second.tokens.visual).toEqual(first.tokens.visual)
    expect(second.kept).toEqual(first.kept)
  })

  it('shares one budget among pictures', async () => {
    const method = parseMethod('fastv:layer=1,keep=.25')
    const { kept } = await prefill(tiny.model, { method, images: [picture(1), picture(2)] })
    expect(kept).toHaveLength(8)
    expect(ascending(kept)).toBe(true)
  })

  it('is chosen by the question', async () => {
    const method = parseMethod('fastv:layer=2,keep=.25')
    const prompts = ['how many red circles are there?', 'what is the word?', 'is there a star?', 'describe the image.']
    const sets = await Promise.all(prompts.map((prompt) => prefill(tiny.model, { prompt, method })))
    expect(new Set(sets.map(({ kept }) => kept.join())).size).toBeGreaterThan(1)
  })
})

/** Runs the method on a sequence of visual tokens and one text token whose attention to them is known. */
function keptOf(attention: readonly number[], keep: number): number[] {
  const n = attention.length
  // One head of width 1 and query 1: the softmax of the logarithms is the attention itself, up to the text's share.
  const keys = [...attention.map(Math.log), -1]
  const states = constant(new Float32Array(n + 1), [1, n + 1, 1])
  const queries = constant(new Array(n + 1).fill(1), [1, 1, n + 1, 1])
  const allKeys = constant(keys, [1, 1, n + 1, 1])
  const slots = Array.from({ length: n }, (_, at) => at)
  const seq: Sequence = {
    states,
    positions: constant(new Float32Array(n + 1), [1, n + 1]),
    visual: constant(slots, [1, n], 'i64'),
    text: constant([n], [1, 1], 'i64'),
    source: constant(slots, [1, n], 'i64'),
    opening: constant([1], []),
    ran: [],
    changedBy: [],
  }
  const ran = [{ input: seq, queries, keys: allKeys, values: allKeys, allKeys, output: states }]
  const { layer } = parseMethod(`fastv:layer=1,keep=${keep}`).read!
  const site = { layer: 1, p: createScope(), reached: () => {} } as unknown as LayerSite
  const kept = (layer as Stage<Sequence, Sequence, LayerSite>)({ ...seq, ran }, (seq) => seq, site)
  return [...evaluate([kept.source], new Map())[0].data]
}

/** The same scope with the layers counted from `by`. */
const fromLayer = (p: Scope, by: number): Scope =>
  Object.assign((name: string, shape: Parameters<Scope>[1]) => p(name, shape), {
    prefix: p.prefix,
    parameters: p.parameters,
    firsts: p.firsts,
    at: (...path: (string | number)[]) => {
      const [room, layer] = path
      if (room === 'layers') return p.at(room, Number(layer) + by)
      return path.length === 1 && room === 'model' ? fromLayer(p.at(room), by) : p.at(...path)
    },
  })

/** The whole sequence through all layers, with a mask of its own from layer K on. */
function traceMasked(model: Model, K: number): Record<string, Tensor> {
  const { language } = model.parts.architecture
  const { text_config: config } = tinyConfig(language.vocabulary)
  const root = createScope()
  const scope = root.at('language_model')
  const ids = input('ids', ['t'], 'i64')
  const rows = concat([language.embed(root, ids), input('visual', ['v', config.hidden_size])], 0)
  const states = reshape(gather(rows, input('order', ['s'], 'i64')), [1, 's', config.hidden_size])
  const start = { states, positions: input('positions', [1, 's']) }
  const first = llama(scope, { ...config, num_hidden_layers: K }, start)
  const later = { ...start, states: first.layers[K - 1].output }
  const { layers, hidden } = llama(fromLayer(scope, K), { ...config, num_hidden_layers: LAYERS - K }, later, {
    mask: () => input('mask', [1, 1, 's', 's']),
  })
  const last = layers.at(-1)!
  return { keys: toRows(last.keys), values: toRows(last.values), logits: language.logits(root, hidden) }
}

/** Causal, and nobody but a dropped token itself sees it. */
function dropMask(isDropped: readonly boolean[]): Value {
  const length = isDropped.length
  const mask = Float32Array.from({ length: length ** 2 }, (_, at) => {
    const [query, key] = [Math.floor(at / length), at % length]
    return key > query || (isDropped[key] && key !== query) ? -1e9 : 0
  })
  return f32([1, 1, length, length], mask)
}

describe('removing tokens', () => {
  it('equals masking their keys in the later layers, on all kept rows', async () => {
    const { model } = tiny
    const method = parseMethod('fastv:layer=2,keep=.5')
    const chunk = await promptChunk(model, { images: [picture(3)] })
    const language = await model.language(method)
    await language.open('short')
    const { kept, logits } = await language.run('short', chunk)
    const cached = await language.program.session.read(['short/keys.3', 'short/values.3'])

    const length = chunk.order.length
    const isDropped = chunk.order.map((from) => from >= chunk.ids.length && !kept.includes(from - chunk.ids.length))
    const masked = await compile(backend, traceMasked(model, 2), model.parts.weights.compileOptions)
    const { values } = await masked.run({
      ids: i64([chunk.ids.length], chunk.ids),
      visual: chunk.visual,
      order: i64([length], chunk.order),
      positions: f32([1, length], Float32Array.from(chunk.positions)),
      mask: dropMask(isDropped),
    })

    const rows = isDropped.flatMap((dropped, row) => (dropped ? [] : [row]))
    expect(rows).toHaveLength(length - 8)
    for (const name of ['keys', 'values'])
      expect(largestDifference(floats(cached[`short/${name}.3`]), rowsOf(values[name], rows))).toBeLessThan(1e-4)
    expect(
      largestDifference(logits, floats(values.logits).slice(-model.parts.architecture.language.vocabulary)),
    ).toBeLessThan(1e-4)
  })
})

const floats = (value: Value) => value.data as Float32Array

/** Some rows of a value along axis 0, one after the other. */
function rowsOf(value: Value, rows: readonly number[]): number[] {
  const width = value.data.length / value.dims[0]
  return rows.flatMap((row) => [...floats(value).subarray(row * width, (row + 1) * width)])
}
