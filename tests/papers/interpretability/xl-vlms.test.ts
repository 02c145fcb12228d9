import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { steerBy } from '../../../src/papers/interpretability/xl-vlms/equip.ts'
import { wordsOf } from '../../../src/papers/interpretability/xl-vlms/lens.ts'
import { questionsOf } from '../../../src/papers/interpretability/xl-vlms/questions.ts'
import { predict, stateHeads } from '../../../src/papers/interpretability/xl-vlms/states.ts'
import { xlVlms } from '../../../src/papers/interpretability/xl-vlms.ts'
import { buildMethod } from '../../../src/papers/methods.ts'
import { watchModel } from '../../../src/papers/reports/watched-model.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { Rng } from '../../../src/world/index.ts'
import { LAYERS, largestDifference, picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const WIDTH = 32
const drawn = (name: string) => {
  const rng = Rng.from(1, name)
  return Array.from({ length: WIDTH }, () => rng.normal())
}

describe('steering', () => {
  const logits = async (method?: Method) => (await prefill(tiny.model, { method })).logits

  it('is bit-identical to the dense model with a vector of zeros, or one that is added 0 times', async () => {
    const dense = await logits()
    expect(await logits(steerBy(new Array(WIDTH).fill(0), { concept: 'nothing' }))).toEqual(dense)
    expect(await logits(steerBy(drawn('a'), { alpha: 0, concept: 'unused' }))).toEqual(dense)
  })

  it('is undone by its opposite at the same layer', async () => {
    const vector = drawn('b')
    const there = steerBy(vector, { concept: 'there' })
    const back = { ...steerBy(vector, { concept: 'there', alpha: -1 }), adapter: there.adapter }
    expect(largestDifference(await logits(there), await logits())).toBeGreaterThan(1e-2)
    expect(largestDifference(await logits(compose(there, back)), await logits())).toBeLessThan(1e-4)
  })

  it('adds exactly the vector to what leaves its layer, wherever it is told to', async () => {
    const vector = drawn('c')
    const seen = async (method?: Method) => {
      const { model, runs } = watchModel(tiny.model)
      const both = method ? compose(method, stateHeads([1, 2])) : stateHeads([1, 2])
      await model.generate({ prompt: 'a', images: [picture()], method: both, maxTokens: 2, ignoreEos: true })
      return runs.map(({ heads }) => [heads.state1, heads.state2].map(({ data }) => Array.from(data as Float32Array)))
    }
    const dense = await seen()
    const at = (where: 'all' | 'last' | 'generated') => seen(steerBy(vector, { layer: 1, at: where, concept: where }))
    const [all, last, generated] = [await at('all'), await at('last'), await at('generated')]
    for (const runs of [all, last, generated]) expect(runs[0][0]).toEqual(dense[0][0]) // before it is added
    expect(generated[0][1]).toEqual(dense[0][1]) // a prompt is left alone
    expect(all[0][1]).not.toEqual(dense[0][1])
    expect(last[0][1]).not.toEqual(dense[0][1])
    expect(last[0][1]).not.toEqual(all[0][1]) // the last slot looks at others that are as they were
    for (const runs of [all, last, generated]) expect(runs[1][1]).not.toEqual(dense[1][1])
  })

  it('touches only logits at the last layer, not what is cached', async () => {
    const { model, runs } = watchModel(tiny.model)
    const ask = (method?: Method) => model.generate({ prompt: 'a', method, maxTokens: 0 })
    await ask()
    await ask(steerBy(drawn('d'), { layer: -1, concept: 'end' }))
    await ask(steerBy(drawn('d'), { layer: LAYERS - 1, concept: 'same-end' }))
    expect(largestDifference(runs[0].logits, runs[1].logits)).toBeGreaterThan(1e-2)
    expect(runs[2].logits).toEqual(runs[1].logits)
  })

  it.each([LAYERS, -LAYERS - 1])('refuses layer %i, and concepts that are no names', async (layer) => {
    const refused = await logits(steerBy(drawn('e'), { layer, concept: `at${Math.abs(layer)}` })).catch(
      (error) => error,
    )
    expect(refused).toMatchObject({ code: 'method_layer', kind: 'usage' })
    expect(refused.message).toContain(`there is no layer ${layer}; the language model has layers 0 to 3, or -1 to -4`)
    expect(() => buildMethod(xlVlms, { concept: 'No Name' })).toThrow('option concept')
  })

  it('asks for its vector by name where it has none', async () => {
    const missing = await logits(buildMethod(xlVlms, { concept: 'red-blue' })).catch((error) => error)
    expect(missing).toMatchObject({ code: 'adapter_missing' })
    expect(missing.message).toContain('method.xl-vlms.red-blue')
  })
})

describe('states', () => {
  it('are those that the first word is predicted from: the head gives the same logits of them', async () => {
    const asked = await questionsOf({ split: 'test', seed: 1 }, 'color', 1)
    const signal = new AbortController().signal
    const [{ states, answer }] = await predict({ signal, progress: () => {} }, tiny.model, asked, [0, LAYERS - 1])
    expect(answer).toBe(asked[0].answer)
    expect([states[0].length, states[LAYERS - 1].length]).toEqual([WIDTH, WIDTH])
    const { logits } = await prefill(tiny.model, { prompt: asked[0].question, images: [asked[0].image] })
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a])
    const words = order.map((id) => tiny.model.parts.tokenizer.decode([id]).trim().toLowerCase())
    const known = [...new Set(words.filter((word) => /^([a-z]{3,}|\d+)$/.test(word)))]
    expect(await wordsOf(tiny.model, states[LAYERS - 1], 'a state', 5)).toEqual(known.slice(0, 5))
  })

  it('are asked for of questions with one answer', async () => {
    const asked = await questionsOf({ split: 'test', seed: 1 }, 'color', 3, 'red')
    expect(asked.map(({ answer }) => answer)).toEqual(['red', 'red', 'red'])
    expect(new Set(asked.map(({ index }) => index)).size).toBe(3)
  })
})
