import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { picture } from '../tiny-model.ts'

const mini = 'models/fovea-mini'
const prompt = 'what color is the star?'
const maxTokens = 4
let model: Model
beforeAll(async () => {
  model = await loadModel(mini, { threads: 1 })
})
afterAll(() => model.dispose())

let seed = 0
/** None of them was seen before, so that they are encoded anew. */
const pictures = () => Array.from({ length: 8 }, () => picture(++seed, 96, 96))

/** Milliseconds that something takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Aborts some work when the engine is busy with its prompt; how long it then took to end, and what came of it. */
async function abortWhileReading<T>(work: (signal: AbortSignal) => Promise<T>, after: number) {
  const controller = new AbortController()
  const pending = work(controller.signal)
  await new Promise((resolve) => setTimeout(resolve, after))
  let result: T | undefined
  const milliseconds = await timed(async () => {
    controller.abort(new Error('enough'))
    result = await pending
  })
  return { milliseconds, result: result! }
}

describe('an abort while a prompt is read', () => {
  const ask = (more: object = {}) => model.generate({ prompt, images: pictures(), maxTokens, ...more })

  it('ends the answer at once; the engine goes on unheard, and the next answer is whole', async () => {
    await ask()
    const whole = await timed(() => ask())
    const heard: unknown[] = []
    const listen = (...said: unknown[]) => void heard.push(said)
    const callbacks = { onPrefill: listen, onToken: listen, onText: listen }
    const { milliseconds, result } = await abortWhileReading((signal) => ask({ signal, ...callbacks }), whole / 10)
    expect(milliseconds).toBeLessThan(whole / 4)
    expect(result).toMatchObject({ text: '', finishReason: 'aborted', tokens: { generated: 0 }, kept: [] })
    const images = pictures()
    const [next, again] = [await ask({ images }), await ask({ images })]
    expect(next.finishReason).not.toBe('aborted')
    expect(again.text).toBe(next.text)
    expect(heard).toEqual([])
  })

  it('ends a stream, without a piece', async () => {
    const controller = new AbortController()
    const stream = model.stream({ prompt, images: pictures(), maxTokens, signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    for await (const piece of stream) expect(piece).toBe('never')
    expect((await stream.reply).finishReason).toBe('aborted')
  })

  it('leaves a conversation without the question; the next one waits for the engine', async () => {
    const images = pictures()
    const conversation = await model.converse(images)
    const { result } = await abortWhileReading((signal) => conversation.ask('how many?', { signal, maxTokens }), 5)
    const reply = await conversation.ask(prompt, { maxTokens })
    expect(reply.text).toBe((await ask({ images })).text)
    if (result.tokens.generated === 0) expect(reply.tokens.visual.before).toBe(8 * 144)
    await conversation.close()
  })

  it('may be followed by the end of the conversation, or of the model', async () => {
    const other = await loadModel(mini, { threads: 1 })
    const conversation = await other.converse(pictures())
    const { result } = await abortWhileReading((signal) => conversation.ask(prompt, { signal, maxTokens }), 1)
    expect(result.finishReason).toBe('aborted')
    await conversation.close()
    const controller = new AbortController()
    const pending = other.generate({ prompt, images: pictures(), signal: controller.signal })
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort()
    await Promise.all([pending, other.dispose()])
    await new Promise((resolve) => setTimeout(resolve, 100)) // what still ran is rejected, and nobody is told
    await expect(other.generate({ prompt })).rejects.toMatchObject({ code: 'model_disposed' })
  })

  it('before it began computes nothing', async () => {
    const signal = AbortSignal.abort()
    let isRead = false
    const reply = await ask({ signal, onPrefill: () => (isRead = true) })
    expect([reply.finishReason, reply.flops.prefill, isRead]).toEqual(['aborted', 0, false])
    await expect(ask({ signal, nosuch: 1 })).rejects.toMatchObject({ code: 'option_unknown' })
  })

  it('rejects an embedding, which has no half', async () => {
    const method = parseMethod('notellm-2')
    const embed = (signal: AbortSignal) => model.embed({ prompt, images: pictures().slice(0, 1), method, signal })
    const reason = new Error('enough')
    await expect(embed(AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('an abort while a model is loaded', () => {
  it('rejects at once with its reason; the next load works', async () => {
    const reason = new Error('enough')
    await expect(loadModel(mini, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const loading = loadModel(mini, { signal: controller.signal })
    let isOver = false
    void loading.catch(() => {}).then(() => (isOver = true))
    setTimeout(() => controller.abort(reason), 1)
    await expect(loading).rejects.toBe(reason)
    expect(isOver).toBe(true)
    const next = await loadModel(mini, { threads: 1 })
    expect((await next.generate({ prompt, images: pictures(), maxTokens })).tokens.generated).toBeGreaterThan(0)
    await next.dispose()
  })
})
