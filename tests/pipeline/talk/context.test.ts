import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { readImage } from '../../../src/media/read-image.ts'
import { languageOf } from '../../../src/models/language/languages.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { withoutOldest } from '../../../src/pipeline/talk/forget.ts'
import type { Message } from '../../../src/pipeline/talk/message.ts'
import { writeRandomModel } from '../random-model.ts'
import { picture, tinyConfig } from '../tiny-model.ts'

const LIMIT = 80
const folder = mkdtempSync(join(tmpdir(), 'fovea-context-'))
let model: Model
beforeAll(async () => {
  await writeRandomModel(folder, (vocabulary) => {
    const config = tinyConfig(vocabulary)
    return { ...config, text_config: { ...config.text_config, max_position_embeddings: LIMIT } }
  })
  model = await loadModel(folder, { threads: 1 })
})
afterAll(async () => {
  await model.dispose()
  await rm(folder, { recursive: true })
})

const prompt = 'is there a red star?'
const options = { maxTokens: 8, ignoreEos: true }

describe('the count of a prompt', () => {
  it.each(['dense', 'visionzip:keep=.25', 'resize:keep=.5', 'fastv:layer=1,keep=.5'])(
    'is that of the tokens that are read, before anything is encoded: %s',
    async (text) => {
      const method = parseMethod(text)
      const images = [picture(31), picture(32)]
      const count = await model.count({ prompt, images, method })
      const reply = await model.generate({ prompt, images, method, ...options })
      expect([count.text, count.visual]).toEqual([reply.tokens.text, reply.tokens.visual.after])
      expect(count).toMatchObject({ limit: LIMIT, room: LIMIT - count.text - count.visual + 1 })
      expect(await model.count({ prompt, images, method })).toEqual(count) // encoded by now
    },
  )

  it('of messages and of the next turn is that of the whole conversation', async () => {
    const conversation = await model.converse([picture()])
    const before = await conversation.count(prompt)
    const { text } = await conversation.ask(prompt, options)
    const messages: Message[] = [
      {
        role: 'user',
        content: [
          { type: 'image', image: picture() },
          { type: 'text', text: prompt },
        ],
      },
      { role: 'assistant', content: text },
      { role: 'user', content: 'where?' },
    ]
    expect(await conversation.count('where?')).toEqual(await model.count({ messages }))
    expect(before.positions).toBeLessThan((await conversation.count('where?')).positions)
    await conversation.close()
  })

  it.each(['qwen2-vl', 'llava-next', 'smolvlm', 'internvl', 'blip-2'])('of %s is what it reads', async (family) => {
    const root = `tests/fixtures/families/${family}`
    const fixture = await loadModel(root, { threads: 1 })
    try {
      const images = [await readImage(`${root}/image-0.png`)]
      const count = await fixture.count({ prompt: 'what?', images })
      const { tokens } = await fixture.generate({ prompt: 'what?', images, maxTokens: 1 })
      expect([count.text, count.visual]).toEqual([tokens.text, tokens.visual.after])
      if (family === 'qwen2-vl') expect(count.positions).toBeLessThan(count.text + count.visual)
    } finally {
      await fixture.dispose()
    }
  })
})

describe('past the context', () => {
  it('nothing is computed: the refusal has the numbers and what helps', async () => {
    const long = 'red '.repeat(90)
    const { text, positions } = await model.count({ prompt: long, images: [picture(41)] })
    let read = 0
    const refused = model.generate({ prompt: long, images: [picture(41)], onPrefill: () => read++ })
    await expect(refused).rejects.toMatchObject({
      code: 'context_full',
      kind: 'input',
      message:
        `the model has 80 positions, the conversation takes ${positions} (${text} tokens of text, 16 visual), which ` +
        'leaves no room for an answer; ask less at once, give fewer or smaller images or frames or keep fewer visual ' +
        'tokens by a method',
    })
    expect(read).toBe(0)
    expect((await model.encode(picture(41))).cached).toBe(false)
    await expect(model.generate({ prompt: long })).rejects.toThrow(/no room for an answer; ask less at once$/)
  })

  it('an answer ends at the last position', async () => {
    const { room } = await model.count({ prompt, images: [picture()] })
    const reply = await model.generate({ prompt, images: [picture()], maxTokens: 500, ignoreEos: true })
    expect(reply).toMatchObject({ finishReason: 'length', tokens: { generated: room } })
  })

  it('a conversation is refused, and goes on with something shorter', async () => {
    const conversation = await model.converse([picture()])
    await conversation.ask(prompt, options)
    await conversation.ask(prompt, options)
    await expect(conversation.ask('blue '.repeat(30), options)).rejects.toMatchObject({
      code: 'context_full',
      message: expect.stringMatching(/start a new conversation or let the oldest turns be dropped$/),
    })
    expect((await conversation.ask('a?', options)).tokens.cached).toBeGreaterThan(20)
    await conversation.close()
  })

  it('or forgets its oldest turns where that was allowed, and says so; the picture stays', async () => {
    const conversation = await model.converse([picture()])
    const said: Message[] = []
    let forgotten = 0
    for (let turn = 0; turn < 8; turn++) {
      const question = `is there a ${['red', 'blue', 'green'][turn % 3]} star?`
      const reply = await conversation.ask(question, { ...options, dropOldest: true })
      said.push({ role: 'user', content: question })
      forgotten += reply.dropped ?? 0
      expect(reply.tokens.visual.last).toBe(16)
      expect(reply.tokens.generated).toBe(8)
      const left = said.slice(2 * forgotten)
      const [first, ...rest] = left
      const messages: Message[] = [
        { role: 'user', content: [{ type: 'image' }, { type: 'text', text: first.content as string }] },
        ...rest,
      ]
      const fresh = await model.generate({ messages, images: [picture()], ...options })
      expect(reply.text).toBe(fresh.text)
      said.push({ role: 'assistant', content: reply.text })
    }
    expect(forgotten).toBeGreaterThan(3)
    await conversation.close()
  })
})

it('the oldest question is forgotten with its answer; instructions and pictures stay', () => {
  const image = picture()
  const messages: Message[] = [
    { role: 'system', content: 'be brief' },
    {
      role: 'user',
      content: [
        { type: 'image', image },
        { type: 'text', text: 'a' },
      ],
    },
    { role: 'assistant', content: 'b' },
    { role: 'user', content: 'c' },
    { role: 'assistant', content: 'd' },
    { role: 'user', content: 'e' },
  ]
  const once = withoutOldest(messages)!
  expect(once).toEqual([
    { role: 'system', content: 'be brief' },
    {
      role: 'user',
      content: [
        { type: 'image', image },
        { type: 'text', text: 'c' },
      ],
    },
    { role: 'assistant', content: 'd' },
    { role: 'user', content: 'e' },
  ])
  expect(withoutOldest(withoutOldest(once)!)).toBeUndefined()
})

describe('the length that a model was made for', () => {
  const config = { model_type: 'llama', hidden_size: 32, num_attention_heads: 4, max_position_embeddings: 100 }
  const lengthOf = (rope_scaling?: object) => languageOf({ ...config, rope_scaling }, 'text_config').contextLength

  it('is what the file says, times the factor of linear scaling, and without an end where scaling goes on', () => {
    expect(lengthOf()).toBe(100)
    expect(lengthOf({ rope_type: 'linear', factor: 4 })).toBe(400)
    expect(lengthOf({ rope_type: 'dynamic', factor: 2 })).toBeUndefined()
    expect(lengthOf({ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 25 })).toBe(100)
  })

  it('holds for an encoder-decoder, though its positions have no end', async () => {
    const t5 = await loadModel('tests/fixtures/families/blip-2-t5', { threads: 1 })
    const asked = { prompt: 'star '.repeat(600), images: [picture()], maxTokens: 2 }
    await expect(t5.generate(asked)).rejects.toMatchObject({ code: 'context_full' })
    await t5.dispose()
  })
})
