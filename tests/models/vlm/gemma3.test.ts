import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { readImage } from '../../../src/media/read-image.ts'
import { gemma3, viewMask } from '../../../src/models/vlm/gemma3.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'

const folder = new URL('../../fixtures/families/gemma3', import.meta.url).pathname

const seen = (mask: Tensor): number[] => {
  const [{ data }] = evaluate([mask], new Map())
  return Array.from(data, (value) => (value === 0 ? 1 : 0))
}

describe('viewMask', () => {
  const rows = constant(new Float32Array(1), [1, 1, 1])
  const past = { keys: rows, values: rows, tags: { view: constant([0], [1, 1], 'i64') } }
  const slots = (views: number[], batch = 1) => {
    const shape = [batch, views.length / batch]
    const states = constant(new Float32Array(views.length), [...shape, 1])
    return { states, tags: { view: constant(views, shape, 'i64') } }
  }

  it('lets new tokens of a view see each other, text only what lies before it', () => {
    expect(seen(viewMask(undefined, slots([0, 0, -1, -1])))).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1])
  })

  it('lets them see each other beyond a window, which past ones do not reach', () => {
    const far = viewMask(past, slots([0, 0, 0]), 1)
    expect(far.shape).toEqual([1, 1, 3, 4])
    expect(seen(far)).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1])
  })

  it('knows the views of each row of a batch', () => {
    expect(seen(viewMask(undefined, slots([0, 0, 1, -1, 1, 1], 2)))).toEqual([
      ...[1, 1, 0, 1, 1, 0, 1, 1, 1],
      ...[1, 0, 0, 1, 1, 1, 1, 1, 1],
    ])
  })

  it('is causal where nothing says what the slots are', () => {
    expect(seen(viewMask(undefined, { states: constant(new Float32Array(2), [1, 2, 1]) }))).toEqual([1, 0, 1, 1])
  })
})

describe('config.json', () => {
  const text = { hidden_size: 8, num_hidden_layers: 7, num_attention_heads: 2, num_key_value_heads: 1, head_dim: 4 }
  const vision = { hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1, image_size: 24, patch_size: 4 }
  const config = { model_type: 'gemma3', text_config: text, vision_config: vision, mm_tokens_per_image: 9 }
  const invalid = (message: string) =>
    expect.objectContaining({ code: 'config_invalid', message: `config.json: ${message}` })

  it('knows what files of the hub leave out', () => {
    const { language, vision: side, prompt } = gemma3.bind(config)
    expect(language).toMatchObject({ layers: 7, vocabulary: 262_208, contextLength: 131_072 })
    expect(side).toMatchObject({ patchSize: 8, viewSize: 24 })
    expect(prompt).toMatchObject({ imageToken: 262_144, placeholder: '<start_of_image>' })
  })

  it.each([
    [{ mm_tokens_per_image: 8 }, 'mm_tokens_per_image: 8 are no square of equal parts of 6 x 6 patches'],
    [{ text_config: { ...text, layer_types: ['full_attention'] } }, 'text_config.layer_types: 1 types for 7 layers'],
    [
      { text_config: { ...text, use_bidirectional_attention: true } },
      'text_config.use_bidirectional_attention: only false is supported',
    ],
    [
      { text_config: { ...text, rope_scaling: { rope_type: 'spiral' } } },
      'text_config.rope_scaling: rotary positions of type "spiral" are not supported',
    ],
  ])('is refused where it does not fit: %j', (wrong, message) => {
    expect(() => gemma3.bind({ ...config, ...wrong })).toThrow(invalid(message))
  })
})

describe('a Gemma 3', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  const image = () => readImage(join(folder, 'image-0.png'), { pixels: 'reference' })

  async function idsOf(prompt: string, rawPrompt = false) {
    const ids: number[] = []
    await model.generate({
      prompt,
      images: [await image()],
      rawPrompt,
      maxTokens: 1,
      onPrefill: (found) => void ids.push(...found),
    })
    return ids
  }

  it('writes an image out where a raw prompt has its place, as one text with what stands around it', async () => {
    const { tokenizer, architecture } = model.parts
    const ids = await idsOf('look:\n<start_of_image>what?', true)
    const lines = tokenizer.tokenToId('\n\n\n')!
    expect(ids.filter((id) => id === architecture.prompt.imageToken)).toHaveLength(9)
    expect(ids[ids.indexOf(tokenizer.tokenToId('<start_of_image>')!) - 1]).toBe(lines)
  })

  it('keeps a typed place of an image text, and refuses one too many', async () => {
    const { imageToken } = model.parts.architecture.prompt
    const ids = await idsOf('what is <start_of_image>, or <image_soft_token>?')
    expect(ids.filter((id) => id === imageToken)).toHaveLength(9)
    await expect(idsOf('<start_of_image><start_of_image>', true)).rejects.toMatchObject({ code: 'image_count' })
  })

  it('can be asked beside the answer without seeing its image, a token in its place', async () => {
    const asked = { prompt: 'what?', images: [await image()], maxTokens: 3, ignoreEos: true }
    const [plain, other] = [
      await model.generate(asked),
      await model.generate({ ...asked, method: parseMethod('debias') }),
    ]
    expect(other.tokens.generated).toBe(3)
    expect(other.tokens.visual).toEqual(plain.tokens.visual)
    expect(other.text).not.toBe(plain.text)
  })

  it('gives in a second turn what both turns said at once give', async () => {
    const conversation = await model.converse([await image()])
    const first = await conversation.ask('what?', { maxTokens: 3, ignoreEos: true })
    const second = await conversation.ask('and where?', { maxTokens: 3, ignoreEos: true })
    await conversation.close()
    const retold = await model.generate({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', image: await image() },
            { type: 'text', text: 'what?' },
          ],
        },
        { role: 'assistant', content: first.text },
        { role: 'user', content: 'and where?' },
      ],
      maxTokens: 3,
      ignoreEos: true,
    })
    expect(second.tokens.cached).toBeGreaterThan(9)
    expect(retold.text).toBe(second.text)
  })
})
