import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import type { AskOptions } from '../../../src/pipeline/talk/ask-options.ts'
import { picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const speculate = 'prompt-lookup'
const prompt = 'red or blue? red or blue? red or'
const question = { prompt, images: [picture()], maxTokens: 40, ignoreEos: true }

/** An answer, and the tokens that it is made of. */
async function answer(model: Model, options: AskOptions & { method?: Method; prompt?: string } = {}) {
  const ids: number[] = []
  const reply = await model.generate({ ...question, ...options, onToken: (id) => ids.push(id) })
  return { ids, reply }
}

/** Says the words of a text again and again, whatever the model says. */
const parrot = (ids: readonly number[]): Method => ({
  name: 'parrot',
  talk: { logits: (row, { said }) => row.map((_, id) => Number(id === ids[said.length % ids.length])) },
})

describe('guesses read ahead', () => {
  it.each(readdirSync('tests/fixtures/families'))('leave the answer of %s as it is', async (family) => {
    const model = await loadModel(join('tests/fixtures/families', family), { threads: 1 })
    const asked = { method: dense }
    const plain = await answer(model, asked)
    const { answerStart, oneByOne } = model.parts.architecture.language
    if (answerStart !== undefined || oneByOne)
      await expect(answer(model, { ...asked, speculate })).rejects.toMatchObject({ code: 'speculation_unfit' })
    else {
      const ahead = await answer(model, { ...asked, speculate })
      expect(ahead.ids).toEqual(plain.ids)
      expect(ahead.reply.text).toBe(plain.reply.text)
    }
    await model.dispose()
  })

  it('take fewer passes where an answer repeats itself, and the same tokens', async () => {
    const method = parrot([40, 41, 42, 43, 44, 45, 46])
    const { reply, ids } = await answer(tiny.model, { method, speculate })
    const plain = await answer(tiny.model, { method })
    expect(ids).toEqual(plain.ids)
    expect(plain.reply.speculation).toBeUndefined()
    const { proposed, accepted, passes } = reply.speculation!
    expect(passes).toBeLessThan(20)
    expect(passes + accepted).toBe(39) // the first token comes of the prompt, the last is not read
    expect(accepted).toBeLessThanOrEqual(proposed)
  })

  it('cost what was read of them', async () => {
    const method = parrot([40, 41, 42, 43, 44, 45, 46])
    const { reply } = await answer(tiny.model, { method, speculate })
    const plain = await answer(tiny.model, { method })
    const rows = reply.speculation!.passes + reply.speculation!.proposed
    expect(reply.flops.decode / plain.reply.flops.decode).toBeCloseTo(rows / 39, 1)
  })

  const ways: readonly (readonly [string, AskOptions])[] = [
    ['sampled', { temperature: 0.8, topK: 5, seed: 3 }],
    ['with a penalty', { repetitionPenalty: 1.3 }],
    ['under a mask', { allowed: (said) => (said.length > 12 ? 'end' : (id) => id % 3 === 0) }],
    ['reweighed', { reweigh: (row, said) => row.map((value, id) => (id === 50 + (said.length % 3) ? 99 : value)) }],
    ['cut short', { maxTokens: 3 }],
    ['to a stop', { ignoreEos: false, stop: ['a'] }],
  ]
  it.each(ways)('leave an answer as it is: %s', async (_, options) => {
    const plain = await answer(tiny.model, options)
    const ahead = await answer(tiny.model, { ...options, speculate })
    expect(ahead.ids).toEqual(plain.ids)
    expect(ahead.reply).toMatchObject({ text: plain.reply.text, finishReason: plain.reply.finishReason })
  })

  it.each(['fastv:layer=2,keep=.25', 'visionzip:keep=.5', 'v2pe', 'damro', 'debias'])(
    'leave an answer as it is under %s',
    async (text) => {
      const method = parseMethod(text)
      const plain = await answer(tiny.model, { method })
      expect((await answer(tiny.model, { method, speculate })).ids).toEqual(plain.ids)
    },
  )

  it('are gone when the answer ends: the next turn finds the same in the cache', async () => {
    const turns = async (options: AskOptions) => {
      const talk = await tiny.model.converse({ images: question.images, method: parrot([40, 41, 42, 43]) })
      await talk.ask(prompt, { maxTokens: 21, ignoreEos: true, ...options })
      const { tokens, text } = await talk.ask('and now?', { maxTokens: 9, ignoreEos: true, ...options })
      await talk.close()
      return { tokens, text }
    }
    expect(await turns({ speculate })).toEqual(await turns({}))
  })

  it('are refused under a method that acts after every token, and by another name', async () => {
    const stepping: Method = { name: 'stepping', talk: { step: () => undefined } }
    await expect(answer(tiny.model, { method: stepping, speculate })).rejects.toMatchObject({
      code: 'speculation_unfit',
      kind: 'usage',
      message: 'speculate: stepping acts after every token that was read; ask without guesses',
    })
    const other = { speculate: 'draft' } as unknown as AskOptions
    await expect(answer(tiny.model, other)).rejects.toMatchObject({ code: 'speculation_unknown' })
  })
})
