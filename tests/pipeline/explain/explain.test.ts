import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { picture } from '../tiny-model.ts'

const root = new URL('../../fixtures/families/', import.meta.url).pathname
const asked = { prompt: 'what is it?', images: [picture(1)], maxTokens: 3, temperature: 0, ignoreEos: true } as const

const sum = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0)

/** Probability of a token by the logits of a step. */
function chanceOf(id: number, logits: Float32Array): number {
  const most = logits.reduce((a, b) => Math.max(a, b))
  return Math.exp(logits[id] - most) / sum(logits.map((value) => Math.exp(value - most)))
}

describe.each(readdirSync(root))('what %s tells of its answers', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(join(root, family), { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it('is what was computed while they were made, layer by layer and patch by patch', async () => {
    const { language, name } = model.parts.architecture
    if (language.answerStart !== undefined) {
      const refused = { code: 'method_unfit', message: expect.stringContaining(name) }
      await expect(model.explain(asked)).rejects.toMatchObject(refused)
      return
    }
    const chances: number[] = []
    const onToken = (id: number, logits: Float32Array) => {
      chances.push(chanceOf(id, logits))
    }
    const { reply, words, answer, layers, relevance, patches } = await model.explain({ ...asked, onToken, top: 3 })
    expect(answer.map(({ id }) => id)).toHaveLength(3)
    expect(reply.text).toBe((await model.generate(asked)).text)
    // Decoding with a cache and reading it all at once say the same.
    for (const [at, said] of answer.entries()) {
      expect(Math.abs(said.probability - chances[at])).toBeLessThan(1e-4)
      expect(said.lens).toHaveLength(language.layers)
      expect(said.lens.at(-1)![0]).toMatchObject({ id: said.id })
      expect(said.lens.at(-1)![0].probability).toBeCloseTo(said.probability, 5)
    }
    const visual = reply.tokens.visual.after
    expect(layers.map(({ layer }) => layer)).toEqual([...Array(language.layers).keys()])
    for (const { attention, states } of layers) {
      expect(attention).toHaveLength(words.length)
      for (const row of attention) {
        expect(row).toHaveLength(visual)
        expect(sum(row)).toBeLessThan(1 + 1e-5)
      }
      expect(states.map(({ length }) => length)).toEqual([1, 2, 3].map(() => language.hiddenSize))
    }
    expect(layers.some(({ attention }) => attention.some((row) => sum(row) > 0))).toBe(true)
    expect(relevance).toHaveLength(visual)
    expect(relevance!.every((value) => value >= 0)).toBe(true)
    expect(sum(relevance!)).toBeGreaterThan(0)
    expect(patches.flat().every((token) => Number.isNaN(token) || (token >= 0 && token < visual))).toBe(true)
    expect(patches.map(({ length }) => length)).toEqual(reply.kept.map(({ length }) => length))
  })
})

describe('an explanation', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel('mini', { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it('shows what a method that drops tokens leaves, without relevance', async () => {
    const { layers, relevance, reply } = await model.explain({
      ...asked,
      method: parseMethod('fastv:layer=2,keep=.25'),
    })
    const seen = layers.map(
      ({ attention }) => new Set(attention.flatMap((row) => [...row.keys()].filter((at) => row[at] > 0))).size,
    )
    expect(seen[0]).toBe(144)
    expect(seen.at(-1)).toBe(reply.tokens.visual.last)
    expect(relevance).toBeUndefined()
  })

  it('of several questions is that of each, from one program for each method', async () => {
    const method = parseMethod('visionzip:keep=.25')
    const questions = [
      asked,
      { ...asked, prompt: 'what color is the star?', maxTokens: 2 },
      { ...asked, method },
      asked,
    ]
    const watched: Model = Object.create(model)
    let compiled = 0
    watched.compile = (...given) => {
      compiled++
      return model.compile(...given)
    }
    const together = await watched.explain(questions)
    expect(compiled).toBe(2)
    const alone = await model.explain(questions[1])
    expect(together[1].answer).toEqual(alone.answer)
    expect(together[1].relevance).toEqual(alone.relevance)
    expect(together[2].relevance).toHaveLength(36)
    expect(together[3].answer).toEqual(together[0].answer)
    expect(await model.explain([])).toEqual([])
  })

  it('is of what a method leaves of the picture, before the language model', async () => {
    const { relevance, patches } = await model.explain({ ...asked, method: parseMethod('visionzip:keep=.25') })
    expect(relevance).toHaveLength(36)
    expect(patches[0].some(Number.isNaN)).toBe(false) // what is not kept is merged
  })

  it('is of text alone, too', async () => {
    const { words, relevance, layers } = await model.explain({ prompt: 'what is it?', maxTokens: 1 })
    expect(words.length).toBeGreaterThan(3)
    expect(relevance).toHaveLength(0)
    expect(layers[0].attention[0]).toHaveLength(0)
  })

  it('is refused where an answer is made of several readings, and where there is none', async () => {
    const refused = { code: 'method_unfit', message: expect.stringContaining('damro') }
    await expect(model.explain({ ...asked, method: parseMethod('damro') })).rejects.toMatchObject(refused)
    await expect(model.explain({ ...asked, maxTokens: 0 })).rejects.toMatchObject({ code: 'answer_empty' })
  })

  it('ends with the reason of an abort', async () => {
    const controller = new AbortController()
    const onToken = () => controller.abort(new Error('enough'))
    await expect(model.explain({ ...asked, signal: controller.signal, onToken })).rejects.toThrow('enough')
  })
})
