import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model, readImage } from '../../../src/index.ts'

const prompt = 'describe the image'
let model: Model
let images: Awaited<ReturnType<typeof readImage>>[]
beforeAll(async () => {
  model = await loadModel('models/fovea-mini')
  images = [await readImage('examples/scene.png')]
})
afterAll(() => model.dispose())

const options = { prompt, maxTokens: 24, ignoreEos: true }
const collect = async (pieces: AsyncIterable<string>) => {
  const all: string[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

describe('a streamed answer of fovea-mini', () => {
  it('is the text of the whole one, piece by piece, and its reply', async () => {
    await model.encode(images[0]) // so that both find it encoded
    const { milliseconds: _, ...whole } = await model.generate({ ...options, images })
    const stream = model.stream({ ...options, images })
    const pieces = await collect(stream)
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.join('')).toBe(whole.text)
    const { milliseconds, ...account } = await stream.reply
    expect(account).toEqual(whole)
    expect(milliseconds.decode).toBeGreaterThan(0)
  })

  it('comes while it is made: the first piece before the answer has ended', async () => {
    let isOver = false
    const stream = model.stream({ ...options, images })
    stream.reply.then(() => {
      isOver = true
    })
    for await (const _ of stream) {
      expect(isOver).toBe(false)
      break
    }
  })

  it('ends when the loop is left; the model answers the next question at once', async () => {
    const stream = model.stream({ messages: [{ role: 'user', content: prompt }], maxTokens: 200, ignoreEos: true })
    let pieces = 0
    for await (const _ of stream) if (++pieces === 3) break
    const { finishReason, tokens } = await stream.reply
    expect(finishReason).toBe('aborted')
    expect(tokens.generated).toBeLessThan(50)
    expect((await model.generate({ ...options, images })).finishReason).toBe('length')
  })

  it('ends when the signal says so, with what was said so far', async () => {
    const controller = new AbortController()
    const stream = model.stream({ ...options, maxTokens: 200, images, signal: controller.signal })
    const pieces: string[] = []
    for await (const piece of stream) if (pieces.push(piece) === 3) controller.abort()
    const reply = await stream.reply
    expect(reply.finishReason).toBe('aborted')
    expect(pieces.join('')).toBe(reply.text)
    const before = model.stream({ ...options, signal: controller.signal })
    expect([await collect(before), (await before.reply).tokens.generated]).toEqual([[], 0])
  })

  it('hands on what is refused, to the loop and to who awaits the reply', async () => {
    const stream = model.stream({ ...options, temperature: -1 })
    await expect(collect(stream)).rejects.toMatchObject({ code: 'sampling_option_invalid' })
    await expect(stream.reply).rejects.toMatchObject({ code: 'sampling_option_invalid' })
    model.stream({ ...options, temperature: -1 }) // nobody listens: no unhandled rejection ends the process
    await new Promise((resolve) => setTimeout(resolve, 200))
  })

  it('needs no loop, and may be a turn of a conversation', async () => {
    const pieces: string[] = []
    const { text } = await model.stream({ ...options, images, onText: (piece) => pieces.push(piece) }).reply
    expect(pieces.join('')).toBe(text)
    const conversation = await model.converse(images)
    expect((await collect(conversation.stream(prompt, { maxTokens: 24, ignoreEos: true }))).join('')).toBe(text)
    await conversation.close()
  })
})
