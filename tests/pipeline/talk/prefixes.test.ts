import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import type { Message } from '../../../src/pipeline/talk/message.ts'
import { Prefixes } from '../../../src/pipeline/talk/prefixes.ts'
import { picture } from '../tiny-model.ts'

const questions = ['what color is the star?', 'how many circles are there?']

/** A conversation as clients send it: all of it, each time, with pictures that were decoded anew. */
async function turns(model: Model, method: Method, pictures: readonly number[]) {
  const messages: Message[] = []
  const replies = []
  for (const [at, question] of questions.entries()) {
    const images = at === 0 ? pictures.map((seed) => ({ type: 'image' as const, image: picture(seed) })) : []
    const content = [...images, { type: 'text' as const, text: question }]
    messages.push({ role: 'user', content })
    const again = messages.map((message) => structuredClone(message))
    const reply = await model.generate({ messages: again, method, maxTokens: 8 })
    messages.push({ role: 'assistant', content: reply.text })
    replies.push(reply)
  }
  return replies
}

const METHODS = ['dense', 'visionzip:keep=.25', 'random:keep=.5', 'resize:keep=.25', 'fastv:layer=1,keep=.5']
const FIXTURES = ['smolvlm', 'qwen2-vl', 'gemma3', 'llava-next'].map((name) => `tests/fixtures/families/${name}`)

describe.each(['models/fovea-mini', ...FIXTURES])('prefixes of %s', (folder) => {
  let [plain, keeping]: Model[] = []
  beforeAll(async () => {
    ;[plain, keeping] = [await loadModel(folder), await loadModel(folder)]
    keeping.keepPrefixes(1e9)
  })
  afterAll(() => Promise.all([plain.dispose(), keeping.dispose()]))

  it.each(METHODS)('change no answer under %s', async (name) => {
    const method = name === 'dense' ? dense : parseMethod(name)
    const isShared = name.startsWith('fastv') ? 0 : 1
    for (const pictures of [[1], [1], [2], []]) {
      const own = await turns(keeping, method, pictures)
      const expected = await turns(plain, method, pictures)
      expect(own.map(({ text }) => text)).toEqual(expected.map(({ text }) => text))
      expect(own.map(({ kept }) => kept)).toEqual(expected.map(({ kept }) => kept))
      const [, second] = own
      expect(Math.min(1, second.tokens.cached)).toBe(isShared)
      if (isShared === 0) continue
      expect(second.tokens.reused!.visual).toBe(second.tokens.visual.after)
      expect(second.milliseconds.vision).toBe(0)
      expect(second.flops.prefill).toBeLessThan(expected[1].flops.prefill)
    }
  })
})

describe('what is kept', () => {
  it('is bounded: what was used last stays, what is too large is closed', async () => {
    const model = await loadModel('models/fovea-mini')
    const ask = (seed: number) => model.generate({ prompt: questions[0], images: [picture(seed)], maxTokens: 1 })
    model.keepPrefixes(1e9)
    await ask(1)
    const { bytes } = model.prefixes!
    expect(bytes).toBeGreaterThan(0)
    model.prefixes = new Prefixes(2 * bytes)
    for (const seed of [1, 2, 3]) expect((await ask(seed)).tokens.cached).toBe(0)
    expect(model.prefixes.bytes).toBe(2 * bytes)
    expect((await ask(2)).tokens.cached).toBeGreaterThan(0)
    expect((await ask(1)).tokens.cached).toBe(0) // it was the oldest
    expect((await ask(2)).tokens.cached).toBeGreaterThan(0) // 3 had to go, not 2
    model.prefixes = new Prefixes(bytes / 2)
    for (let again = 0; again < 2; again++) expect((await ask(1)).tokens.cached).toBe(0)
    expect(model.prefixes.bytes).toBe(0)
    await model.dispose()
  })

  it('is nothing where a prompt is looked at as a whole', async () => {
    const model = await loadModel('tests/fixtures/families/paligemma')
    model.keepPrefixes(1e9)
    const ask = () => model.generate({ prompt: questions[0], images: [picture(1)], maxTokens: 4 })
    for (let again = 0; again < 2; again++) expect((await ask()).tokens.cached).toBe(0)
    expect(model.prefixes!.bytes).toBe(0)
    await model.dispose()
  })

  it('is of one conversation at a time', async () => {
    const model = await loadModel('models/fovea-mini')
    model.keepPrefixes(1e9)
    const ask = () => model.generate({ prompt: questions[0], images: [picture(1)], maxTokens: 8 })
    const first = await ask()
    const both = await Promise.all([ask(), ask()])
    expect(both.map(({ text }) => text)).toEqual([first.text, first.text])
    await model.dispose()
  })
})
