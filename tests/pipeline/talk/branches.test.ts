import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Branch, Method } from '../../../src/pipeline/method/method.ts'
import type { Request } from '../../../src/pipeline/method/talk-side.ts'
import type { AskOptions } from '../../../src/pipeline/talk/ask-options.ts'
import type { Message } from '../../../src/pipeline/talk/message.ts'
import { add, mean } from '../../../src/tensor/index.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const prompt = 'is there a red star?'
const maxTokens = 8
const ask = (method: Method, options: AskOptions = {}) =>
  tiny.model.generate({ prompt, images: [picture()], method, maxTokens, ...options })

const blind = ({ messages }: Request): readonly Message[] =>
  messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : content.filter(({ type }) => type === 'text'),
  }))

/** Subtracts what a branch says, and keeps the rows. */
const contrast = (
  name: string,
  branch: (asked: Request) => Omit<Branch, 'by'>,
  alpha: number,
  rows: Float32Array[] = [],
) => {
  const method: Method = {
    name: `${name}:alpha=${alpha}`,
    talk: {
      branches: (asked) => [branch(asked)],
      logits: (row, { branches: [{ row: other }] }) => {
        rows.push(other.slice())
        return row.map((value, id) => (1 + alpha) * value - alpha * other[id])
      },
    },
  }
  return method
}

/** The rows of a conversation that is made to say these tokens. */
async function rowsSaying(ids: readonly number[], question: { images: number; method?: Method }) {
  const rows: Float32Array[] = []
  const forced: Method = {
    name: 'forced',
    talk: {
      logits: (row, { said }) => {
        rows.push(row.slice())
        return row.map((_, id) => (id === ids[said.length] ? 1 : 0))
      },
    },
  }
  await tiny.model.generate({
    prompt,
    images: new Array(question.images).fill(picture()),
    method: compose(question.method ?? dense, forced),
    maxTokens: ids.length,
    ignoreEos: true,
  })
  return rows
}

describe('a branch', () => {
  it.each<[string, (asked: Request) => Omit<Branch, 'by'>, { images: number; method?: Method }]>([
    ['without the picture', (asked) => ({ messages: blind(asked) }), { images: 0 }],
    [
      'with the picture seen by another method',
      ({ messages }) => ({ messages, see: parseMethod('visionzip:keep=.25') }),
      { images: 1, method: parseMethod('visionzip:keep=.25') },
    ],
    [
      'read by another method',
      ({ messages }) => ({ messages, read: parseMethod('fastv:layer=2,keep=.25') }),
      { images: 1, method: parseMethod('fastv:layer=2,keep=.25') },
    ],
  ])('%s has the logits of a conversation of its own, fed with the same tokens', async (_, branch, alone) => {
    const rows: Float32Array[] = []
    const said: number[] = []
    await ask(contrast('test', branch, 0.5, rows), { onToken: (id) => said.push(id), ignoreEos: true })
    expect(rows).toHaveLength(maxTokens)
    const expected = await rowsSaying(said, alone)
    for (const [step, row] of rows.entries()) expect(largestDifference(row, expected[step])).toBeLessThan(1e-5)
  })

  it('is kept over the turns of a conversation, as the answer itself is', async () => {
    const method = contrast('blind', (asked) => ({ messages: blind(asked) }), 1)
    const conversation = await tiny.model.converse([picture()], method)
    const first = await conversation.ask(prompt, { maxTokens })
    const second = await conversation.ask('where?', { maxTokens })
    await conversation.close()
    expect(second.branches![0].tokens.cached).toBeGreaterThan(5)
    const messages: Message[] = [
      {
        role: 'user',
        content: [
          { type: 'image', image: picture() },
          { type: 'text', text: prompt },
        ],
      },
      { role: 'assistant', content: first.text },
      { role: 'user', content: 'where?' },
    ]
    expect((await tiny.model.generate({ messages, method, maxTokens })).text).toBe(second.text)
  })

  it('is in the account: by itself, and in the sums', async () => {
    const plain = await ask(dense)
    const reply = await ask(contrast('blind', (asked) => ({ messages: blind(asked) }), 0))
    expect(reply.text).toBe(plain.text)
    expect(reply.tokens).toEqual(plain.tokens)
    const [branch] = reply.branches!
    expect(branch).toMatchObject({
      by: 'blind:alpha=0',
      tokens: { visual: { before: 0, after: 0, last: 0 }, text: plain.tokens.text, cached: 0 },
    })
    expect(branch.flops.prefill).toBeGreaterThan(0)
    expect(reply.flops.prefill).toBeCloseTo(plain.flops.prefill + branch.flops.prefill, -1)
    expect(reply.flops.decode).toBeGreaterThan(1.5 * plain.flops.decode)
    expect(plain.branches).toBeUndefined()
  })

  it('may have a token in the place of the picture', async () => {
    const token = tiny.model.parts.tokenizer.tokenToId('<pad>')!
    const { tokens, branches } = await ask(contrast('pad', ({ messages }) => ({ messages, pictureToken: token }), 1))
    expect(branches![0].tokens).toEqual({
      visual: { before: 0, after: 0, last: 0 },
      text: tokens.text + 1,
      cached: 0,
    })
  })

  it('leaves streams, stop strings, seeds and aborts as they are', async () => {
    const method = contrast('blind', (asked) => ({ messages: blind(asked) }), 1)
    const whole = (await ask(method)).text
    const pieces: string[] = []
    const stream = tiny.model.stream({ prompt, images: [picture()], method, maxTokens })
    for await (const piece of stream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe(whole)
    const stop = whole.slice(3, 6)
    expect(await ask(method, { stop: [stop] })).toMatchObject({
      finishReason: 'stop',
      text: whole.slice(0, whole.indexOf(stop)),
    })
    const sampled = async (seed: number) => (await ask(method, { temperature: 2, seed })).text
    expect(await sampled(3)).toBe(await sampled(3))
    expect(await sampled(3)).not.toBe(await sampled(4))
  })

  it('that was left in the middle of an answer leaves the conversation usable', async () => {
    const method = contrast('blind', (asked) => ({ messages: blind(asked) }), 1)
    const conversation = await tiny.model.converse([picture()], method)
    const controller = new AbortController()
    let tokens = 0
    const onToken = () => {
      if (++tokens === 3) controller.abort()
    }
    const cut = await conversation.ask(prompt, { maxTokens, signal: controller.signal, onToken })
    expect(cut.finishReason).toBe('aborted')
    const failing = () => {
      throw new Error('the terminal is gone')
    }
    await expect(conversation.ask('where?', { maxTokens, onText: failing })).rejects.toThrow('the terminal is gone')
    const next = await conversation.ask('where?', { maxTokens })
    await conversation.close()
    const messages: Message[] = [
      {
        role: 'user',
        content: [
          { type: 'image', image: picture() },
          { type: 'text', text: prompt },
        ],
      },
      { role: 'assistant', content: cut.text },
      { role: 'user', content: 'where?' },
    ]
    expect((await tiny.model.generate({ messages, method, maxTokens })).text).toBe(next.text)
  })

  it('of each of two methods is seen by its own', async () => {
    const [left, right]: Float32Array[][] = [[], []]
    const method = compose(
      contrast('left', (asked) => ({ messages: blind(asked) }), 1, left),
      contrast('right', ({ messages }) => ({ messages, see: parseMethod('visionzip:keep=.25') }), 1, right),
    )
    const said: number[] = []
    const { branches } = await ask(method, { onToken: (id) => said.push(id), ignoreEos: true })
    expect(branches!.map(({ by }) => by)).toEqual(['left:alpha=1', 'right:alpha=1'])
    const blindRows = await rowsSaying(said, { images: 0 })
    const zipped = await rowsSaying(said, { images: 1, method: parseMethod('visionzip:keep=.25') })
    for (const [step, row] of left.entries()) expect(largestDifference(row, blindRows[step])).toBeLessThan(1e-5)
    for (const [step, row] of right.entries()) expect(largestDifference(row, zipped[step])).toBeLessThan(1e-5)
  })

  it('shares the programs of the answer where it reads alike', async () => {
    const method = compose(
      parseMethod('fastv:layer=2,keep=.5'),
      contrast('blind', (asked) => ({ messages: blind(asked) }), 1),
    )
    await ask(method)
    expect(await tiny.model.language(method)).toBe(await tiny.model.language(parseMethod('fastv:layer=2,keep=.5')))
  })

  it('of pictures seen otherwise cannot go with a method whose language model looks at what was seen', async () => {
    const remembering: Method = {
      name: 'remembering',
      see: { tokens: (tokens) => ({ ...tokens, memory: { patches: tokens.states } }) },
      read: { sequence: (seq, { memory }) => ({ ...seq, states: add(seq.states, mean(memory.patches, 1, true)) }) },
    }
    const other = contrast('zipping', ({ messages }) => ({ messages, see: parseMethod('visionzip') }), 1)
    await expect(ask(compose(remembering, other))).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringMatching(/^zipping:alpha=1 shows pictures in another way, but remembering reads them/),
    })
  })
})
