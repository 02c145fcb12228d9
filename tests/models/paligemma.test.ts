import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { readImage } from '../../src/media/read-image.ts'
import { prefixMask, prefixPrompt } from '../../src/models/vlm/paligemma.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { constant, evaluate } from '../../src/tensor/index.ts'

const folder = new URL('../fixtures/families/paligemma', import.meta.url).pathname

describe('prefixPrompt', () => {
  it.each([
    ['a question', 'caption en', '<image><bos>caption en\n'],
    ['images placed by hand', '<image>caption en', '<image><bos>caption en\n'],
    ['the whole prompt', '<image><bos>caption en\n', '<image><bos>caption en\n'],
    ['nothing', '', '<image><bos>\n'],
  ])('completes %s', (_, text, expected) => {
    expect(prefixPrompt(text, 1, '<bos>')).toBe(expected)
  })

  it('puts images first, and none where there are none', () => {
    expect(prefixPrompt('compare', 2, '<bos>')).toBe('<image><image><bos>compare\n')
    expect(prefixPrompt('hello', 0, '<bos>')).toBe('<bos>hello\n')
  })
})

describe('prefixMask', () => {
  const rows = constant(new Float32Array(3), [3, 1, 1])
  const past = { keys: rows, values: rows }
  const input = { states: constant(new Float32Array(2), [1, 2, 1]) }

  it('hides only what is past and outside the window', () => {
    const [{ shape, data }] = evaluate([prefixMask(past, input, 2)!], new Map())
    expect(shape).toEqual([1, 1, 2, 5])
    expect(Array.from(data, (value) => (value === 0 ? 1 : 0))).toEqual([0, 0, 1, 1, 1, 0, 0, 0, 1, 1])
  })

  it('is none without a window', () => {
    expect(prefixMask(past, input)).toBeUndefined()
  })
})

describe('a PaliGemma', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it('takes a raw prompt with or without its frame', async () => {
    const image = await readImage(join(folder, 'image-0.png'), { pixels: 'reference' })
    const seen: (readonly number[])[] = []
    const onPrefill = (ids: readonly number[]) => seen.push(ids)
    for (const prompt of ['what?', '<image>what?', '<image><bos>what?\n'])
      await model.generate({ prompt, images: [image], rawPrompt: true, maxTokens: 1, onPrefill })
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
  })

  it('keeps a typed image token text', async () => {
    const image = await readImage(join(folder, 'image-0.png'), { pixels: 'reference' })
    const ids: number[] = []
    const onPrefill = (found: readonly number[]) => ids.push(...found)
    await model.generate({ prompt: 'what is <image>?', images: [image], maxTokens: 1, onPrefill })
    expect(ids.filter((id) => id === 4)).toHaveLength(16)
  })

  it('refuses a second turn: its first would have to be read anew', async () => {
    const conversation = await model.converse()
    await conversation.ask('what?', { maxTokens: 1 })
    await expect(conversation.ask('and now?')).rejects.toMatchObject({ code: 'conversation_single' })
    await conversation.close()
  })
})
