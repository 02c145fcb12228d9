import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linear, startingAt, zeros } from '../../../src/nn/index.ts'
import type { Adapter } from '../../../src/pipeline/method/adapter.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import { leave, recall } from '../../../src/pipeline/method/memory.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { withAdapter } from '../../../src/pipeline/method/own-weights.ts'
import { bytesOf } from '../../../src/runtime/index.ts'
import { add, fixedDim, mean } from '../../../src/tensor/index.ts'
import { picture, prefill, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const WIDTH = 32

/** Adds a linear map of the visual tokens to them; it begins as nothing. */
const shift = (name: string): Method => ({
  name,
  see: {
    tokens: (tokens, { p }) => {
      const width = fixedDim('shift', tokens.states, 2)
      return { ...tokens, states: add(tokens.states, linear(startingAt(p.at('map'), zeros), tokens.states, width)) }
    },
  },
})

/** An adapter in memory: each weight filled with a number. */
function filled(name: string, weights: Readonly<Record<string, readonly [readonly number[], number]>>): Adapter {
  const parts = Object.entries(weights).map(([weight, [shape, value]]) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)
    return { weight, shape, bytes: bytesOf(data) }
  })
  const entries = parts.map(
    ({ weight, shape, bytes }) =>
      [weight, { dtype: 'f32', shape, file: weight, offset: 0, byteLength: bytes.length }] as const,
  )
  return {
    name,
    entries: new Map(entries),
    files: Object.fromEntries(parts.map(({ weight, bytes }) => [weight, bytes])),
  }
}

const shiftBy = (id: string, value: number) =>
  filled(`${id} weights`, {
    [`method.${id}.map.weight`]: [[WIDTH, WIDTH], 0],
    [`method.${id}.map.bias`]: [[WIDTH], value],
  })

describe('weights of a method', () => {
  it('change nothing while they are zero, and something when they are not', async () => {
    const dense = await prefill(tiny.model)
    const still = await prefill(tiny.model, { method: withAdapter(shift('still'), shiftBy('still', 0)) })
    const moved = await prefill(tiny.model, { method: withAdapter(shift('moved'), shiftBy('moved', 0.5)) })
    expect(still.logits).toEqual(dense.logits)
    expect(moved.logits).not.toEqual(dense.logits)
    expect(moved.chunk.visual.data[0]).toBeCloseTo(dense.chunk.visual.data[0] + 0.5, 5)
  })

  it('are each method’s own, in a composition too', async () => {
    const dense = await prefill(tiny.model)
    const [a, b] = [withAdapter(shift('a'), shiftBy('a', 0.25)), withAdapter(shift('b'), shiftBy('b', 0.5))]
    const { chunk } = await prefill(tiny.model, { method: compose(a, b) })
    expect(chunk.visual.data[5]).toBeCloseTo(dense.chunk.visual.data[5] + 0.75, 5)
  })

  it('that nobody brought are refused by name, with what to do', async () => {
    await expect(prefill(tiny.model, { method: shift('bare:x=1') })).rejects.toMatchObject({
      code: 'adapter_missing',
      message:
        'bare:x=1: it has weights of its own (method.bare.map.weight, method.bare.map.bias), and none are there for this model; ' +
        'name their folder: bare:weights=FOLDER (fovea train lists the methods that can be trained)',
    })
  })

  it('of another shape are refused with both shapes', async () => {
    const other = filled('other weights', {
      'method.wide.map.weight': [[WIDTH, WIDTH], 0],
      'method.wide.map.bias': [[64], 0],
    })
    await expect(prefill(tiny.model, { method: withAdapter(shift('wide'), other) })).rejects.toMatchObject({
      code: 'adapter_mismatch',
      message: expect.stringContaining(
        'other weights has method.wide.map.bias as [64], this model and these options ask for [32]',
      ),
    })
  })

  it('of two methods that replace the same are refused, naming both', () => {
    const replace = (name: string) => filled(name, { 'language_model.model.norm.weight': [[WIDTH], 1] })
    const [a, b] = [withAdapter(shift('a'), replace('one')), withAdapter(shift('b'), replace('two'))]
    expect(() => compose(a, b)).toThrow(
      'a and b both bring the weight language_model.model.norm.weight; use one of the two',
    )
  })

  it('may stand in the place of the model’s', async () => {
    const norm = filled('loud', { 'language_model.model.norm.weight': [[WIDTH], 0] })
    const { logits } = await prefill(tiny.model, {
      method: withAdapter({ name: 'mute', read: { sequence: (seq) => seq } }, norm),
    })
    expect(new Set(logits)).toEqual(new Set([0]))
  })
})

describe('what see leaves for the language model', () => {
  const writer: Method = { name: 'writer', see: { tokens: (tokens) => leave(tokens, 'all', tokens.states, 'writer') } }
  const second: Method = { name: 'second', see: { tokens: (tokens) => leave(tokens, 'all', tokens.states, 'second') } }
  /** Adds the mean of what was left to every state before layer 1: in decoding steps too. */
  const reader: Method = {
    name: 'reader',
    read: {
      layer: {
        1: (seq, next, at) => next({ ...seq, states: add(seq.states, mean(recall(at, 'all', 'reader'), 1, true)) }),
      },
    },
  }

  it('stays with the conversation, whose cached steps are those of the whole', async () => {
    const method = compose(writer, reader)
    const images = [picture(4), picture(5)]
    const whole = await tiny.model.generate({
      prompt: 'is there a star?',
      images,
      method,
      maxTokens: 6,
      ignoreEos: true,
    })
    const dense = await tiny.model.generate({ prompt: 'is there a star?', images, maxTokens: 6, ignoreEos: true })
    const chat = await tiny.model.converse(images, method)
    const first = await chat.ask('is there a star?', { maxTokens: 6, ignoreEos: true })
    const second = await chat.ask('and a circle?', { maxTokens: 3, ignoreEos: true })
    await chat.close()
    expect(first.text).toBe(whole.text)
    expect(first.text).not.toBe(dense.text)
    expect(second.tokens.cached).toBeGreaterThan(0)
  })

  it('is asked for in vain where nobody left it', async () => {
    await expect(prefill(tiny.model, { method: reader })).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'reader reads all in the language model, but no method leaves that in see; nothing was left',
    })
  })

  it('has one writer', async () => {
    await expect(prefill(tiny.model, { method: compose(writer, second) })).rejects.toMatchObject({
      message: 'second leaves all for the language model, which is there already',
    })
  })
})

describe('a stage that is never reached', () => {
  const replacing = (name: string): Method => ({
    name,
    see: { connector: (tokens, next) => (name === 'deaf' ? tokens : next(tokens)) },
  })

  it('is refused, naming what does without it', async () => {
    await expect(
      prefill(tiny.model, { method: compose(replacing('deaf'), replacing('second')) }),
    ).rejects.toMatchObject({
      code: 'method_unfit',
      message:
        'second acts on see.connector, but is never reached: deaf, left of it, does without what comes after it there; use one of the two',
    })
  })

  it('may be several that go on to the next', async () => {
    const dense = await prefill(tiny.model)
    const { logits } = await prefill(tiny.model, { method: compose(replacing('one'), replacing('two')) })
    expect(logits).toEqual(dense.logits)
  })

  it('is refused where the model has no such step', async () => {
    const outside: Method = { name: 'outside', see: { layer: { 3: (patches, next) => next(patches) } } }
    await expect(prefill(tiny.model, { method: outside })).rejects.toMatchObject({
      code: 'method_layer',
      message: 'outside: there is no layer 3; the vision encoder has layers 0 to 2',
    })
  })
})
