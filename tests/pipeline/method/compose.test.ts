import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { picture, prefill, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const unfit = (...parts: string[]) => ({
  code: 'method_unfit',
  kind: 'usage',
  message: expect.stringMatching(new RegExp(parts.join('.*'))),
})

describe('methods together', () => {
  it('each take their share of what the one before left', async () => {
    const reply = await tiny.model.generate({
      prompt: 'is there a star?',
      images: [picture()],
      method: parseMethod('visionzip:keep=.5+fastv:layer=2,keep=.25'),
      maxTokens: 1,
    })
    expect(reply.tokens.visual).toEqual({ before: 16, after: 8, last: 2, layers: [8, 8, 2, 2] })
    const dense = await prefill(tiny.model)
    const { rows } = await prefill(tiny.model, { method: parseMethod('visionzip:keep=.5+fastv:layer=2,keep=.25') })
    expect(rows).toEqual([8, 8, 14, 14].map((dropped) => dense.rows[0] - dropped))
  })

  it('run at several layers of the language model', async () => {
    const { rows, kept } = await prefill(tiny.model, {
      method: parseMethod('random:keep=.75+fastv:layer=1,keep=.5+fastv:layer=3,keep=.5'),
    })
    const length = rows[0] - 12
    expect(rows).toEqual([12, 6, 6, 3].map((visual) => length + visual))
    expect(kept).toHaveLength(3)
  })

  it('change the encoder first where the image is resized', async () => {
    const { chunk } = await prefill(tiny.model, { method: parseMethod('resize:keep=.6+visionzip:keep=.34') })
    expect(chunk.visual.dims[0]).toBe(3)
  })

  it('have heads that are told apart', () => {
    const head = (name: string): Method => ({ name, read: { heads: { box: ({ hidden }) => hidden } } })
    expect(() => compose(head('a'), head('b'))).toThrow('a and b both have a head named box; use one of the two')
  })

  it('may talk in any order with what is done inside the model', () => {
    const talking: Method = { name: 'talking', talk: { logits: (row) => row } }
    for (const method of [compose(talking, parseMethod('fastv')), compose(parseMethod('fastv'), talking)])
      expect(method.talk?.logits).toBeDefined()
  })

  it('are the left one and then the right one at the same place', () => {
    const step = (name: string): Method => ({
      name,
      see: { views: (views) => [...views, views[0]], tokens: (tokens) => tokens },
    })
    const method = compose(step('a'), step('b'))
    const view = { image: picture(), width: 32, height: 32 }
    expect(method.name).toBe('a+b')
    expect(method.see!.views!([view], tiny.model.parts.architecture)).toHaveLength(3)
    expect(compose().name).toBe('dense')
    expect(compose(dense, step('a')).name).toBe('dense+a')
  })
})

describe('methods that cannot work together', () => {
  it.each([
    ['random+visionzip', ['visionzip.* cannot follow random', 'put visionzip.* first']],
    ['fastv+random', ['random.* cannot follow fastv']],
    ['visionzip+resize', ['resize.* cannot follow visionzip']],
    ['keep-all+random+visionzip', ['visionzip.* cannot follow keep-all']],
  ])('%s is refused as soon as it is written', (text, parts) => {
    expect(() => parseMethod(text)).toThrow(expect.objectContaining(unfit(...parts)))
  })

  it('a second method that reads the encoder patch by patch is refused', async () => {
    const run = prefill(tiny.model, { method: parseMethod('visionzip:keep=.5+visionzip:keep=.5') })
    await expect(run).rejects.toMatchObject(unfit('visionzip reads', 'but visionzip before it'))
  })

  it('attention over a sequence that was shortened since is refused', async () => {
    const run = prefill(tiny.model, { method: parseMethod('keep-all:layer=2+fastv:layer=2') })
    await expect(run).rejects.toMatchObject(unfit('fastv reads attention of layer 1', 'keep-all dropped tokens before'))
    const twice = prefill(tiny.model, { method: parseMethod('fastv:layer=2+fastv:layer=2') })
    await expect(twice).rejects.toMatchObject(unfit('fastv reads attention', 'fastv dropped tokens before layer 2'))
  })

  it('a layer that the model does not have is refused', async () => {
    const run = prefill(tiny.model, { method: parseMethod('fastv:layer=4') })
    await expect(run).rejects.toMatchObject({
      code: 'method_layer',
      message: 'fastv:layer=4,keep=0.5,ids=keep: there is no layer 4; the language model has layers 0 to 3',
    })
    const below: Method = { name: 'below', read: { layer: { [-1]: (seq, next) => next(seq) } } }
    await expect(prefill(tiny.model, { method: below })).rejects.toMatchObject({ code: 'method_layer' })
  })

  it('shapes that do not fit are refused with the shapes', async () => {
    const method: Method = { name: 'odd', see: { patches: (tokens) => ({ ...tokens, states: tokens.owner }) } }
    await expect(prefill(tiny.model, { method })).rejects.toMatchObject({ code: 'method_unfit' })
  })

  it('a refusal leaves the model usable', async () => {
    await expect(prefill(tiny.model, { method: parseMethod('fastv:layer=9') })).rejects.toThrow()
    expect((await prefill(tiny.model)).kept).toHaveLength(16)
  })
})
