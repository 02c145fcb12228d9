import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method, TalkSide } from '../../../src/pipeline/method/method.ts'
import { replyFrom, silently } from '../../../src/pipeline/talk/calls.ts'
import type { Message } from '../../../src/pipeline/talk/message.ts'
import { picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const prompt = 'is there a red star?'
const maxTokens = 6
const answering = (name: string, answer: TalkSide['answer']): Method => ({ name, talk: { answer } })
const ask = (method?: Method, images = [picture()]) => tiny.model.generate({ prompt, images, method, maxTokens })

/** First a description of the pictures, then the question with it in front. */
const describing = (words: string) =>
  answering(`describing:${words}`, async (asked, next) => {
    const { content } = asked.messages[0]
    const pictures = typeof content === 'string' ? [] : content.filter(({ type }) => type !== 'text')
    const first = await next(
      silently({ ...asked, messages: [{ role: 'user', content: [...pictures, { type: 'text', text: words }] }] }),
    )
    const question = asked.messages[asked.messages.length - 1]
    const said = typeof question.content === 'string' ? question.content : ''
    const parts = typeof question.content === 'string' ? [] : question.content
    const told: Message = {
      role: 'user',
      content: [...parts, { type: 'text', text: ` ${said}${first.text}` }],
    }
    const last = await next({ ...asked, messages: [...asked.messages.slice(0, -1), told] })
    return replyFrom([first, last], { by: 'describing' })
  })

describe('a stage around the answer', () => {
  it('that only hands on changes nothing, in a conversation either', async () => {
    const method = answering('idle', (asked, next) => next(asked))
    const [plain, idle] = [await ask(), await ask(method)]
    expect([idle.text, idle.tokens, idle.kept]).toEqual([plain.text, plain.tokens, plain.kept])
    const conversation = await tiny.model.converse([picture()], method)
    await conversation.ask(prompt, { maxTokens })
    expect((await conversation.ask('where?', { maxTokens })).tokens.cached).toBeGreaterThan(10)
    await conversation.close()
  })

  it('asks several questions, and each counts', async () => {
    const described = await tiny.model.generate({ prompt: 'describe it', images: [picture()], maxTokens })
    const told = await tiny.model.generate({ prompt: `${prompt} ${described.text}`, images: [picture()], maxTokens })
    const reply = await ask(describing('describe it'))
    expect(reply.text).toBe(told.text)
    expect(reply.calls!.map(({ text }) => text)).toEqual([described.text, told.text])
    expect(reply.tokens.generated).toBe(described.tokens.generated + told.tokens.generated)
    expect(reply.flops.decode).toBeCloseTo(described.flops.decode + told.flops.decode, -3)
    expect(reply.tokens.visual).toEqual({ before: 16, after: 16, last: 16, layers: [16, 16, 16, 16] })
  })

  it('reads a picture once for all questions that it asks about it', async () => {
    const [first, second] = (await ask(describing('describe it'))).calls!
    expect(first.tokens.cached).toBe(0)
    expect(second.tokens.cached).toBeGreaterThan(0)
    expect(second.flops.prefill).toBeLessThan(first.flops.prefill)
  })

  it('lies around another one, the left one outermost', async () => {
    const trace: string[] = []
    const marked = (name: string) =>
      answering(name, async (asked, next) => {
        trace.push(`${name} asks`)
        const reply = await next(asked)
        trace.push(`${name} hears`)
        return { ...reply, text: `${name}(${reply.text})` }
      })
    const silent = answering('silent', (asked, next) => next(silently(asked)))
    const reply = await ask(compose(marked('outer'), marked('inner'), silent))
    expect(trace).toEqual(['outer asks', 'inner asks', 'inner hears', 'outer hears'])
    expect(reply.text).toBe(`outer(inner(${(await ask()).text}))`)
  })

  it('describes twice where it is nested twice', async () => {
    const reply = await ask(compose(describing('colors'), describing('shapes')))
    expect(reply.calls).toHaveLength(2)
    expect(reply.calls!.map(({ calls }) => calls?.length)).toEqual([2, 2])
    const leaves = reply.calls!.flatMap(({ calls = [] }) => calls)
    expect(reply.tokens.generated).toBe(leaves.reduce((sum, { tokens }) => sum + tokens.generated, 0))
  })

  it('is streamed: what comes while it is made, and the rest at its end', async () => {
    for (const method of [
      describing('describe it'),
      answering('shout', async (asked, next) => {
        const reply = await next(silently(asked))
        return { ...reply, text: `${reply.text}!` }
      }),
    ]) {
      const stream = tiny.model.stream({ prompt, images: [picture()], method, maxTokens })
      const pieces: string[] = []
      for await (const piece of stream) pieces.push(piece)
      expect(pieces.join('')).toBe((await stream.reply).text)
      expect(pieces.length > 1).toBe(method.name.startsWith('describing'))
    }
  })

  it('may not say aloud what is not the answer', async () => {
    const loud = answering('loud', async (asked, next) => {
      await next(asked)
      return next(silently({ ...asked, messages: [{ role: 'user', content: 'something else' }] }))
    })
    await expect(ask(loud)).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'loud said something aloud that is not in its answer; ask inner questions silently',
    })
  })

  it('asks one question after another, even where a method asks them at once', async () => {
    const seeds = [1, 2, 3]
    const voting = answering('voting', async (asked, next) => {
      const own = silently(asked)
      const votes = seeds.map((seed) => next({ ...own, options: { ...own.options, temperature: 2, seed } }))
      return replyFrom(await Promise.all(votes), { by: 'voting' })
    })
    const expected = []
    for (const seed of seeds)
      expected.push((await tiny.model.generate({ prompt, images: [picture()], maxTokens, temperature: 2, seed })).text)
    expect((await ask(voting)).calls!.map(({ text }) => text)).toEqual(expected)
  })

  it('that fails or is aborted leaves the conversation usable', async () => {
    let fails = true
    const method = answering('failing', async (asked, next) => {
      const reply = await next(silently({ ...asked, messages: [{ role: 'user', content: 'aside' }] }))
      if (fails) throw new Error('no idea')
      const last = await next(asked)
      return replyFrom([reply, last], { by: 'failing' })
    })
    const conversation = await tiny.model.converse([picture()], method)
    await expect(conversation.ask(prompt, { maxTokens })).rejects.toThrow('no idea')
    fails = false
    expect((await conversation.ask(prompt, { maxTokens, signal: AbortSignal.abort() })).finishReason).toBe('aborted')
    expect((await conversation.ask('where?', { maxTokens })).finishReason).toBe('length')
    await conversation.close()
  })

  it('is refused before anything is asked where options are wrong', async () => {
    let asked = 0
    const counting = answering('counting', (request, next) => {
      asked++
      return next(request)
    })
    await expect(tiny.model.generate({ prompt, method: counting, temperature: -1 })).rejects.toMatchObject({
      code: 'sampling_option_invalid',
    })
    expect(asked).toBe(0)
  })
})
