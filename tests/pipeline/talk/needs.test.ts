import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { keepTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import { add, cast, constant, expand, mean, mul, reshape } from '../../../src/tensor/index.ts'
import { picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const maxTokens = 6

/** Adds the mean token id of the question to every visual token. */
const asking: Method = {
  name: 'asking',
  needs: { question: true },
  see: {
    tokens: (tokens, { question }) => {
      const tint = mul(mean(cast(question!, 'f32'), 1, true), 0.01)
      return { ...tokens, states: add(tokens.states, reshape(tint, [1, 1, 1])) }
    },
  },
}

/** Keeps the first patch, and wants the whole conversation every time. */
const rereading: Method = {
  name: 'rereading',
  needs: { prompt: true },
  see: { patches: (tokens) => keepTokens(tokens, expand(constant([0], [1, 1], 'i64'), [1, 1]), 'rereading') },
}

/** Answers of a conversation, and of one that is told all of it at once. */
async function twoTurns(method: Method) {
  const conversation = await tiny.model.converse([picture()], method)
  const first = await conversation.ask('is there a star?', { maxTokens })
  const second = await conversation.ask('where is it?', { maxTokens })
  await conversation.close()
  const retold = await tiny.model.generate({
    messages: [
      { role: 'user', content: [{ type: 'image' }, { type: 'text', text: 'is there a star?' }] },
      { role: 'assistant', content: first.text },
      { role: 'user', content: 'where is it?' },
    ],
    images: [picture()],
    method,
    maxTokens,
  })
  return { first, second, retold }
}

describe('a method that reads the question', () => {
  it('sees another picture for every question, by the tokens of the model itself', async () => {
    const encoded = async (question: string) =>
      Array.from((await tiny.model.encode(picture(), asking, true, question)).views[0].embeds.data)
    const plain = Array.from((await tiny.model.encode(picture())).views[0].embeds.data)
    for (const question of ['is there a star?', 'red']) {
      const ids = tiny.model.parts.tokenizer.encode(question)
      const tint = (0.01 * ids.reduce((sum, id) => sum + id, 0)) / ids.length
      const tinted = await encoded(question)
      for (const [at, value] of tinted.entries()) expect(value - plain[at]).toBeCloseTo(tint, 4)
    }
    expect((await tiny.model.encode(picture(), asking, true, 'red')).cached).toBe(true)
  })

  it('makes later turns read the conversation anew, with the picture as the last question shows it', async () => {
    const { second, retold } = await twoTurns(asking)
    expect(second.tokens.cached).toBe(0)
    expect(second.text).toBe(retold.text)
    expect(second.flops.vision).toBeGreaterThan(0)
  })
})

describe('a method that needs the whole prompt', () => {
  it('reads every turn anew, without encoding or counting the picture again', async () => {
    const { first, second, retold } = await twoTurns(rereading)
    expect(first.flops.vision).toBeGreaterThan(0)
    expect(second.tokens).toEqual(retold.tokens)
    expect(second.tokens.cached).toBe(0)
    expect(second.text).toBe(retold.text)
    expect(second.flops.vision).toBe(0)
    expect(second.tokens.visual).toEqual({ before: 16, after: 1, last: 1, layers: [1, 1, 1, 1] })
  })
})
