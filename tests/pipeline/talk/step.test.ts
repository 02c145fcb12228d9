import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Step, StepSite } from '../../../src/pipeline/method/talk-side.ts'
import { mixture } from '../../../src/pipeline/talk/mixture.ts'
import { f32, type Value } from '../../../src/runtime/index.ts'
import { reshape, slice, subDim } from '../../../src/tensor/index.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const prompt = 'is there a red star?'
const maxTokens = 8
const ask = (method?: Method, options = {}) =>
  tiny.model.generate({ prompt, images: [picture()], method, maxTokens, ignoreEos: true, ...options })

const stepping = (
  name: string,
  step: (at: StepSite) => ReturnType<NonNullable<NonNullable<Method['talk']>['step']>>,
): Method => ({
  name,
  talk: { step },
})

/** A method whose head says the last hidden state. */
const watching = (seen: StepSite[]): Method => ({
  name: 'watching',
  read: {
    heads: {
      state: ({ hidden }) => {
        const [, length, width] = hidden.shape
        return reshape(slice(hidden, 1, subDim(length, 1), length), [width])
      },
    },
  },
  talk: { step: (at) => void seen.push(at) },
})

describe('a step', () => {
  it('comes after the prompt and after every token that is read, with what the heads say there', async () => {
    const seen: StepSite[] = []
    const ids: number[] = []
    const reply = await ask(watching(seen), { onToken: (id: number) => ids.push(id) })
    expect(reply.text).toBe((await ask()).text)
    expect(seen.map(({ token }) => token)).toEqual([undefined, ...ids.slice(0, -1)])
    expect(seen[0].heads.state.dims).toEqual([32])
    expect(seen[1].heads.state.data).not.toEqual(seen[0].heads.state.data)
    expect(seen[3].logits.indexOf(Math.max(...seen[3].logits))).toBe(ids[3])
  })

  it('may end the answer, and note something', async () => {
    const method = stepping('ending', ({ said }) => (said.length === 3 ? { stop: true, note: 'enough' } : undefined))
    const reply = await ask(method)
    expect(reply).toMatchObject({ finishReason: 'stop', tokens: { generated: 3 } })
    expect((await ask()).text.startsWith(reply.text)).toBe(true)
    expect(reply.notes).toEqual([{ by: 'ending', at: 3, note: 'enough' }])
  })

  it('may have tokens read that are not said', async () => {
    const tokens = tiny.model.parts.tokenizer.encode(' red')
    const rows: Float32Array[] = []
    const method = stepping('feeding', ({ said, fed, logits }) => {
      if (fed) rows.push(logits.slice())
      return said.length === 0 && !fed ? { feed: { tokens } } : undefined
    })
    const reply = await ask(method)
    expect(reply.tokens).toMatchObject({ fed: tokens.length, generated: maxTokens - tokens.length })
    const { tokenizer, template } = tiny.model.parts
    const text = { type: 'text', text: prompt } as const
    const written = template.render([{ role: 'user', content: [{ type: 'image' }, text] }], tokenizer)
    let expected = new Float32Array()
    await tiny.model.generate({
      prompt: `${written} red`,
      rawPrompt: true,
      images: [picture()],
      maxTokens: 0,
      onPrefill: (_, logits) => {
        expected = logits.slice()
      },
    })
    expect(largestDifference(rows[0], expected)).toBeLessThan(1e-4)
  })

  it('may have embeddings read, which count as what they stand for', async () => {
    const [id] = tiny.model.parts.tokenizer.encode('red')
    const table = await embeddingOf(id)
    const feeding = (name: string, feed: { tokens: number[] } | { embeds: Value<Float32Array> }) =>
      stepping(name, ({ said, fed }) => (said.length === 2 && !fed ? { feed } : undefined))
    const byId = await ask(feeding('by-id', { tokens: [id] }))
    const byRow = await ask(feeding('by-row', { embeds: f32([1, table.length], table) }))
    expect(byRow.text).toBe(byId.text)
    expect(byRow.tokens).toEqual(byId.tokens)
  })

  it('may have alternatives read: what follows is of their mixture, and the first stays', async () => {
    const rows = [1, 2, 3].map((scale) =>
      f32(
        [1, 32],
        Float32Array.from({ length: 32 }, (_, at) => scale * Math.sin(at)),
      ),
    )
    const weights = [0.5, 0.2, 0.1]
    const heard = async (feed: NonNullable<Step['feed']>) => {
      const logits: Float32Array[] = []
      const method = stepping('mixing', ({ said, fed, logits: row }) => {
        if (fed || said.length === 2) logits.push(row.slice())
        return said.length === 1 && !fed ? { feed } : undefined
      })
      return { logits, reply: await ask(method) }
    }
    const alone = await Promise.all(rows.map((embeds) => heard({ embeds })))
    const { logits, reply } = await heard(rows.map((embeds, at) => ({ feed: { embeds }, weight: weights[at] })))
    const expected = mixture(
      alone.map((each) => each.logits[0]),
      weights,
    )
    expect(largestDifference(logits[0], expected)).toBeLessThan(1e-5)
    expect(reply.tokens).toEqual(alone[0].reply.tokens)
    const certain = await heard(rows.map((embeds, at) => ({ feed: { embeds }, weight: at === 0 ? 1 : 0 })))
    expect(certain.reply.text).toBe(alone[0].reply.text)
    // Behind the next token, it is as if the first alone had been read.
    expect(largestDifference(certain.logits[1], alone[0].logits[1])).toBeLessThan(1e-5)
  })

  it('that fed embeddings leaves a conversation that goes on as if it were told anew', async () => {
    const row = f32(
      [2, 32],
      Float32Array.from({ length: 64 }, (_, at) => Math.sin(at)),
    )
    const method = stepping('rows', ({ said, fed }) =>
      said.length === 2 && !fed ? { feed: { embeds: row } } : undefined,
    )
    const conversation = await tiny.model.converse([picture()], method)
    const first = await conversation.ask(prompt, { maxTokens, ignoreEos: true })
    const second = await conversation.ask('where?', { maxTokens, ignoreEos: true })
    await conversation.close()
    const fresh = await tiny.model.generate({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', image: picture() },
            { type: 'text', text: prompt },
          ],
        },
        { role: 'assistant', content: first.text },
        { role: 'user', content: 'where?' },
      ],
      method,
      maxTokens,
      ignoreEos: true,
    })
    expect(second.text).toBe(fresh.text)
  })

  it('ends where it would feed more than the answer has room for', async () => {
    const endless = stepping('endless', () => ({ feed: { tokens: [7] } }))
    expect(await ask(endless)).toMatchObject({
      finishReason: 'length',
      tokens: { generated: 0, fed: maxTokens },
    })
  })

  it('of two methods may not both feed at once; notes of both are kept', async () => {
    const feeding = (name: string) => stepping(name, ({ fed }) => (fed ? undefined : { feed: { tokens: [7] } }))
    await expect(ask(compose(feeding('left'), feeding('right')))).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'left and right both feed the answer at once; use one of the two',
    })
    const noting = (name: string) => stepping(name, ({ said }) => (said.length === 1 ? { note: name } : undefined))
    const { notes } = await ask(compose(noting('a'), noting('b')))
    expect(notes).toEqual([
      { by: 'a', at: 1, note: 'a' },
      { by: 'b', at: 1, note: 'b' },
    ])
  })

  it('cannot feed embeddings that another method would drop', async () => {
    const row = f32([4, 32], new Float32Array(128).fill(0.1))
    const feeding = stepping('rows', ({ fed }) => (fed ? undefined : { feed: { embeds: row } }))
    await expect(ask(compose(parseMethod('fastv:layer=1,keep=.5'), feeding))).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringMatching(/^rows feeds embeddings into the answer, but .*fastv.* drops some/),
    })
  })
})

/** A row of the table of embeddings: what the first layer is given where the token is read. */
async function embeddingOf(id: number): Promise<Float32Array> {
  let row = new Float32Array()
  const method: Method = {
    name: `looking-up-${id}`,
    read: {
      heads: {
        row: ({ layers: [{ input }] }) => {
          const [, length, width] = input.states.shape
          return reshape(slice(input.states, 1, subDim(length, 1), length), [width])
        },
      },
    },
    talk: {
      step: ({ heads, fed }) => {
        if (!fed) return { feed: { tokens: [id] } }
        row = Float32Array.from(heads.row.data as Float32Array)
        return { stop: true }
      },
    },
  }
  await ask(method)
  return row
}
