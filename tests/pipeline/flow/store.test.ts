import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { largestDifference, picture, prefill, promptChunk, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const stored: Method = compose({ name: 'stored', needs: { store: {} } })

describe('a store of keys that are not rotated yet', () => {
  it('gives the logits of the ordinary cache, token by token', async () => {
    const logits = async (method: Method) => {
      const chunk = await promptChunk(tiny.model, { method })
      const language = await tiny.model.language(method)
      await language.open('store-test')
      const found = [(await language.run('store-test', chunk)).logits]
      for (const [at, id] of [11, 7, 23].entries()) {
        const next = { ids: [id], visual: { ...chunk.visual, dims: [0, 0], data: new Float32Array(0) }, order: [0] }
        found.push((await language.run('store-test', { ...next, positions: [chunk.end + at] })).logits)
      }
      expect(language.lengths('store-test')).toEqual(new Array(4).fill(chunk.order.length + 3))
      await language.close('store-test')
      return found
    }
    const [ordinary, own] = [await logits(compose()), await logits(stored)]
    for (const [at, expected] of ordinary.entries()) expect(largestDifference(own[at], expected)).toBeLessThan(1e-4)
  })

  it('answers in turns as the ordinary cache does, also when tokens were dropped before', async () => {
    const { fastv } = await import('../../../src/papers/reducer/fastv.ts')
    const { buildMethod } = await import('../../../src/papers/methods.ts')
    for (const others of [[], [buildMethod(fastv as never, {})]]) {
      const answers = async (methods: readonly Method[]) => {
        const conversation = await tiny.model.converse([picture(3)], compose(...methods))
        const said = [
          await conversation.ask('what is red?', { maxTokens: 5 }),
          await conversation.ask('and blue?', { maxTokens: 5 }),
        ]
        await conversation.close()
        return said.map(({ text }) => text)
      }
      expect(await answers([stored, ...others])).toEqual(await answers(others))
    }
  })

  it('of a run that looks at some rows is as if the others had never been', async () => {
    const language = await tiny.model.language(stored)
    const chunk = await promptChunk(tiny.model, { method: stored })
    const whole = chunk.order.length
    const run = async (rows: readonly number[]) => {
      await language.open('some')
      await language.run('some', chunk)
      const next = { ids: [9], visual: { ...chunk.visual, dims: [0, 0], data: new Float32Array(0) }, order: [0] }
      const look = { rows: new Array(4).fill(rows) }
      const { logits } = await language.run('some', { ...next, positions: [whole], look })
      await language.close('some')
      return logits
    }
    const all = await run([...Array(whole).keys()])
    expect(await run([...Array(whole).keys()])).toEqual(all)
    expect(largestDifference(await run([0, 1, 2]), all)).toBeGreaterThan(1e-3)
    expect((await prefill(tiny.model, { method: stored })).rows).toEqual(new Array(4).fill(whole))
  })
})
