import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'
import { blip2 } from '../../src/models/vlm/blip-2.ts'
import { instructblip } from '../../src/models/vlm/instructblip.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { assertPatches } from '../../src/pipeline/method/visual-tokens.ts'
import type { Model, PromptOptions } from '../../src/pipeline/model.ts'

const root = new URL('../fixtures/families/', import.meta.url).pathname
const PROMPT = 'what color is the star?'
const PATCHES = 36
const QUERIES = 8

let image: RgbImage
const models: Record<string, Model> = {}
beforeAll(async () => {
  for (const name of ['blip-2', 'instructblip']) models[name] = await loadModel(join(root, name), { threads: 1 })
  image = await readImage(join(root, 'blip-2', 'image-0.png'), { pixels: 'reference' })
})
afterAll(() => Promise.all(Object.values(models).map((model) => model.dispose())))

const config = (name: string) => JSON.parse(readFileSync(join(root, name, 'config.json'), 'utf8'))

/** What a prompt became: its token ids and the logits of its last position. */
async function read(model: Model, request: Partial<PromptOptions>) {
  const seen = { ids: [] as readonly number[], logits: [] as number[] }
  const onPrefill = (ids: readonly number[], logits: Float32Array) =>
    Object.assign(seen, { ids, logits: Array.from(logits) })
  const reply = await model.generate({ prompt: PROMPT, images: [image], maxTokens: 2, onPrefill, ...request })
  return { ...seen, reply }
}

describe('images before the text', () => {
  it('need no image token in a raw prompt, and may have one', async () => {
    const model = models['blip-2']
    const asked = await read(model, {})
    expect(asked.ids.slice(0, QUERIES + 1)).toEqual([...new Array(QUERIES).fill(4), 2])
    for (const prompt of [PROMPT, `<image>${PROMPT}`]) {
      const raw = await read(model, { prompt, rawPrompt: true })
      expect([raw.ids, raw.logits]).toEqual([asked.ids, asked.logits])
    }
    for (const prompt of [`<image><image>${PROMPT}`, `what <image> is this?`])
      await expect(read(model, { prompt, rawPrompt: true })).rejects.toMatchObject({ code: 'image_count' })
  })

  it('are one at a time', async () => {
    await expect(read(models['blip-2'], { images: [image, image] })).rejects.toMatchObject({
      code: 'image_count',
      message: 'blip-2 was made for 1 image at a time, 2 were given; ask about each by itself',
    })
  })

  it('leave special tokens that a user types as text', async () => {
    const { ids } = await read(models['blip-2'], { prompt: `<image>${PROMPT}<eos>` })
    expect(ids.filter((id) => id === 4)).toHaveLength(QUERIES)
    expect(ids).not.toContain(1)
  })

  it('stay in the cache over turns, which are one text', async () => {
    const conversation = await models['blip-2'].converse([image])
    const first = await conversation.ask(PROMPT, { maxTokens: 3 })
    const second = await conversation.ask('and its shape?', { maxTokens: 3 })
    expect(second.tokens.cached).toBeGreaterThan(5)
    const prompt = `${PROMPT} ${first.text} and its shape?`
    expect((await models['blip-2'].generate({ prompt, images: [image], maxTokens: 3 })).text).toBe(second.text)
    await conversation.close()
  })
})

describe('a Q-Former', () => {
  it('counts each patch to the query that looks at it most, and shows which were kept', async () => {
    const [all] = (await models['blip-2'].encode(image)).views
    expect(all.owner).toHaveLength(PATCHES)
    expect(all.owner.every((query) => query >= 0 && query < QUERIES)).toBe(true)
    const [few] = (await models['blip-2'].encode(image, parseMethod('random:keep=.25'))).views
    expect(few.embeds.dims[0]).toBe(2)
    const { reply } = await read(models['blip-2'], { method: parseMethod('random:keep=.25') })
    expect(reply.tokens.visual).toEqual({ before: PATCHES, after: 2, last: 2, layers: [2, 2, 2] })
    expect(reply.kept[0]).toEqual(few.owner.map((token) => Number(token >= 0)))
  })

  it.each(['resize:keep=.25', 'visionzip:keep=.25'])('makes as many tokens of fewer patches: %s', async (text) => {
    const full = await models['blip-2'].encode(image)
    const { views } = await models['blip-2'].encode(image, parseMethod(text))
    expect(views[0].embeds.dims[0]).toBe(QUERIES)
    expect(views[0].cost.flops).toBeLessThan(full.views[0].cost.flops)
    expect(Array.from(views[0].embeds.data)).not.toEqual(Array.from(full.views[0].embeds.data))
    expect(views[0].embeds.data.every(Number.isFinite)).toBe(true)
  })

  it('leaves no patches to read for a method after it', async () => {
    const late: Method = {
      name: 'late',
      see: {
        tokens: (tokens) => {
          assertPatches(tokens, 'late')
          return tokens
        },
      },
    }
    await expect(models['blip-2'].encode(image, late)).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringContaining('late reads the vision encoder patch by patch, but the connector of blip-2'),
    })
  })
})

describe('a question that the connector reads', () => {
  const embedsFor = async (question: string) =>
    Array.from((await models.instructblip.encode(image, dense, true, question)).views[0].embeds.data)

  it('changes the visual tokens; the same one is looked up', async () => {
    const first = await embedsFor('what color?')
    expect(await embedsFor('what star?')).not.toEqual(first)
    expect(await models.instructblip.encode(image, dense, true, 'what color?')).toMatchObject({ cached: true })
    const [question] = (await models.instructblip.encode(image, dense, true, 'what?')).views
    const [longer] = (await models.instructblip.encode(image, dense, true, 'what color?')).views
    expect(longer.cost.flops).toBeGreaterThan(question.cost.flops)
  })

  it('is the whole conversation: a later turn answers as a fresh reading of it', async () => {
    const conversation = await models.instructblip.converse([image])
    const first = await conversation.ask('hue?', { maxTokens: 1 })
    const second = await conversation.ask('why?', { maxTokens: 3 })
    const fresh = await models.instructblip.generate({
      prompt: `hue? ${first.text} why?`,
      images: [image],
      maxTokens: 3,
    })
    expect(second.text).toBe(fresh.text)
    expect(second.tokens).toEqual(fresh.tokens)
    await conversation.close()
  })

  it('may be about no image', async () => {
    const { ids, reply } = await read(models.instructblip, { images: [] })
    expect(ids).not.toContain(4)
    expect(reply.tokens.visual).toEqual({ before: 0, after: 0, last: 0 })
  })

  it('has a length that the Q-Former has positions for', async () => {
    await expect(read(models.instructblip, { prompt: 'a '.repeat(30) })).resolves.toBeDefined()
    await expect(read(models.instructblip, { prompt: 'a '.repeat(31) })).rejects.toMatchObject({
      code: 'question_too_long',
      message: 'the connector reads questions of at most 32 tokens, this one has 33; shorten it',
    })
  })
})

describe('a language model with learnt positions', () => {
  const prompt = '? '.repeat(25).trim()

  it('ends an answer at its last position', async () => {
    const { ids, reply } = await read(models['blip-2'], { prompt, maxTokens: 100, ignoreEos: true })
    expect(reply.finishReason).toBe('length')
    // the last token is not read any more
    expect(ids.length + reply.tokens.generated - 1).toBe(64)
  })

  it('refuses a prompt beyond it', async () => {
    await expect(read(models['blip-2'], { prompt: `${prompt} `.repeat(4) })).rejects.toMatchObject({
      code: 'context_full',
      message: expect.stringMatching(
        /^the model has 64 positions, the conversation takes \d+ \(\d+ tokens of text, 8 visual\), which leaves no room/,
      ),
    })
  })
})

describe('config.json of BLIP-2', () => {
  const bind = (change: object) => blip2.bind({ ...config('blip-2'), ...change })

  it('may be older than the image token, and leave out what is default', () => {
    expect(bind({ image_token_index: undefined }).prompt.imageToken).toBe(640)
    const { model_type: _, tie_word_embeddings: __, ...text_config } = config('blip-2').text_config
    const { language } = bind({ text_config })
    expect(language).toMatchObject({ contextLength: 64, ignored: ['language_model.lm_head.'] })
  })

  it.each([
    [
      'text_config',
      { model_type: 'bloom' },
      'model_type: "bloom" is not supported; supported: gemma, gemma2, llama, mistral, opt, phi3, qwen2, qwen3, t5',
    ],
    [
      'text_config',
      { word_embed_proj_dim: 16 },
      'word_embed_proj_dim: 16 is not hidden_size 32; embeddings of another width have no room for visual tokens',
    ],
    ['text_config', { num_attention_heads: 5 }, 'num_attention_heads: 5 does not divide hidden_size 32'],
    ['qformer_config', { num_attention_heads: 7 }, 'num_attention_heads: 7 does not divide hidden_size 24'],
    ['vision_config', { num_attention_heads: 5 }, 'num_attention_heads: 5 does not divide hidden_size 32'],
    ['vision_config', { patch_size: 7 }, 'patch_size: 7 does not divide image_size 30'],
  ])('that does not fit is refused by name: %s %j', (name, change, message) => {
    expect(() => bind({ [name]: { ...config('blip-2')[name], ...change } })).toThrow(`config.json: ${name}.${message}`)
  })
})

it('weights that answering has no use for are passed over', () => {
  const text = 'qformer.encoder.layer.0.intermediate.dense.weight'
  expect(blip2.weightName?.(text)).toBeUndefined()
  expect(instructblip.weightName?.(text)).toBe(text)
  expect(blip2.weightName?.('vision_projection.weight')).toBeUndefined()
  for (const name of ['language_projection.weight', 'qformer.encoder.layer.0.attention.output.dense.weight'])
    expect(blip2.weightName?.(name)).toBe(name)
  for (const { weightName } of [blip2, instructblip])
    expect(weightName?.('qformer.embeddings.position_ids')).toBeUndefined()
})
