import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masksOf, statesOf } from '../../../src/papers/interpretability/ima/measure.ts'
import { linearLayers, stateProbe } from '../../../src/papers/interpretability/ima/probe.ts'
import { activeLayers } from '../../../src/papers/interpretability/ima/skip.ts'
import { ima } from '../../../src/papers/interpretability/ima.ts'
import { buildMethod } from '../../../src/papers/methods.ts'
import { watchModel } from '../../../src/papers/reports/watched-model.ts'
import {
  LAYERS,
  largestDifference,
  PATCHES,
  picture,
  prefill,
  type Tiny,
  tinyModel,
} from '../../pipeline/tiny-model.ts'
import { pictureChunk, runChunks, textChunk } from '../read-side.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const lab = { signal: new AbortController().signal, progress: () => {} }
const questions = [1, 2, 3].map((seed) => ({ image: picture(seed), prompt: `is there a ring ${seed}?` }))

describe('layers that skip', () => {
  it('are counted as in the paper, and never the first', () => {
    expect(activeLayers({ start: 0, end: 31, interval: 2 }, 32)).toHaveLength(15)
    expect(activeLayers({ start: -5, end: -1, interval: 1 }, 4)).toEqual([1, 2])
    expect(activeLayers({ start: 3, end: 2, interval: 1 }, 8)).toEqual([])
  })

  it('change nothing, to the bit, where none is active', async () => {
    const dense = (await prefill(tiny.model)).logits
    for (const plan of [{ interval: 9 }, { start: 3, end: 2 }])
      for (const part of ['feed-forward', 'attention', 'block'])
        expect((await prefill(tiny.model, { method: buildMethod(ima, { ...plan, part }) })).logits).toEqual(dense)
  })

  it('save what they leave out, and answer otherwise', async () => {
    const ask = (given: object) =>
      tiny.model.generate({
        prompt: 'a',
        images: [picture()],
        method: buildMethod(ima, { interval: 1, ...given }),
        maxTokens: 1,
      })
    const [none, visual, text, all] = [
      await ask({ interval: 9 }),
      await ask({}),
      await ask({ tokens: 'text' }),
      await ask({ tokens: 'all' }),
    ]
    const saved = [visual, text, all].map(({ flops }) => none.flops.prefill - flops.prefill)
    expect(Math.min(...saved)).toBeGreaterThan(0)
    expect(saved[0] + saved[1]).toBeGreaterThan(0.95 * saved[2]) // bookkeeping of rows costs a little
    expect(saved[0] + saved[1]).toBeLessThanOrEqual(saved[2])
    const block = await ask({ part: 'block' })
    expect(none.flops.prefill - block.flops.prefill).toBeGreaterThan(saved[0])
  })

  it.each([
    { tokens: 'text' },
    { tokens: 'all' },
    { part: 'attention', tokens: 'all' },
    { part: 'attention', tokens: 'text' },
    { part: 'block' },
    { part: 'block', tokens: 'all' },
  ])('decode from the cache what a whole prompt gives: %j', async (given) => {
    const method = buildMethod(ima, { interval: 2, ...given })
    const question = [21, 40, 33]
    const prompt = await pictureChunk(tiny.model, method, [picture()], question)
    const chunks = [prompt, textChunk(tiny.model, [31], prompt, method)]
    const cached = (await runChunks(tiny.model, method, chunks)).at(-1)!
    const whole = await pictureChunk(tiny.model, method, [picture()], [...question, 31])
    const [at] = await runChunks(tiny.model, method, [whole])
    expect(cached.rows).toEqual(at.rows)
    expect(largestDifference(cached.logits, at.logits)).toBeLessThan(1e-4)
    const dense = await prefill(tiny.model)
    expect(largestDifference((await prefill(tiny.model, { method })).logits, dense.logits)).toBeGreaterThan(1e-4)
  })

  it('are refused for blocks of text alone', () => {
    expect(() => buildMethod(ima, { part: 'block', tokens: 'text' })).toThrow('take part=feed-forward')
  })
})

describe('statistics', () => {
  it('have a mean, norms and changes of each modality for every layer', async () => {
    const states = await statesOf(lab, tiny.model, questions)
    expect(states.visual).toHaveLength(LAYERS + 1)
    expect(states.text[0]).toHaveLength(questions.length)
    expect(states.same.visual).toHaveLength(LAYERS)
    expect(states.norms.visual.every((norm) => norm > 0)).toBe(true)
    for (const layer of [...states.same.visual, ...states.same.text].flat())
      expect(Math.abs(layer)).toBeLessThanOrEqual(1.0001)
    expect(states.visual[0][0]).not.toEqual(states.visual[0][1]) // other images
  })

  it('read exactly the visual tokens', async () => {
    const { model, runs } = watchModel(tiny.model)
    await model.generate({
      prompt: 'a',
      images: [picture()],
      method: stateProbe(tiny.model.parts.architecture),
      maxTokens: 0,
    })
    expect(runs[0].heads['visual.norm.0'].dims).toEqual([PATCHES])
    const text = runs[0].heads['text.norm.0'].data as Float32Array
    expect([...text].filter((norm) => norm > 0).length).toBeGreaterThan(0)
  })

  it('score every linear layer by its inputs, and compute with the matrix that is there', async () => {
    const layers = linearLayers(tiny.model.parts.architecture)
    expect(layers).toHaveLength(7 * LAYERS)
    const [first] = await masksOf(lab, tiny.model, questions, layers.slice(0, 1), 0.5)
    const { rows, columns } = layers[0]
    for (const mask of [first.visual, first.text])
      for (let row = 0; row < rows; row++)
        expect(mask.slice(row * columns, (row + 1) * columns).reduce((sum, bit) => sum + bit, 0)).toBe(columns / 2)
    expect(first.visual).not.toEqual(first.text)
  })
})
