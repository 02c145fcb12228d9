import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'
import { languageOf } from '../../src/models/language/languages.ts'
import { distanceBuckets, relativeBias } from '../../src/models/language/relative-positions.ts'
import type { DecoderStages } from '../../src/models/language/sequence.ts'
import { attentionWeights, createScope } from '../../src/nn/index.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { lastAttention } from '../../src/pipeline/method/sequence.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { arange, constant, evaluate, input, reshape, type Tensor } from '../../src/tensor/index.ts'
import type { NdArray } from '../../src/tensor/ndarray.ts'

const folder = new URL('../fixtures/families/blip-2-t5', import.meta.url).pathname
const { text_config: textConfig } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))

describe('position buckets', () => {
  it.each([
    [16, 128, [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]],
    [4, 12, [0, 1, 2, 5]],
    [8, 12, [0, 1, 2, 3, 4, 6, 7, 10]],
  ])('%d of them up to distance %d begin where those of transformers do', (count, most, begins) => {
    const buckets = distanceBuckets(count, most)
    expect(buckets).toHaveLength(most + 1)
    expect(begins.map((_, bucket) => buckets.indexOf(bucket))).toEqual(begins)
  })

  it('tell what lies ahead from what lies behind, where both can be seen', () => {
    const table = constant(
      Array.from({ length: 32 }, (_, bucket) => bucket),
      [32, 1],
    )
    const query = constant([1000], [1, 1])
    const keys = constant(
      [0, 1, -1, 5, -5, 200, -200].map((offset) => 1000 + offset),
      [1, 7],
    )
    const settings = { buckets: 32, maxDistance: 128 }
    const chosen = (bothWays: boolean) =>
      Array.from(evaluate([relativeBias(table, query, keys, { ...settings, bothWays })], new Map())[0].data)
    expect(chosen(true)).toEqual([0, 17, 1, 21, 5, 31, 15])
    expect(chosen(false)).toEqual([0, 0, 1, 0, 5, 0, 31])
  })
})

it('methods read attention with the position bias in it', () => {
  const { decode, hiddenSize } = languageOf(textConfig, 'text_config')
  const [prompt, answer] = [input('prompt', [1, 5, hiddenSize]), input('answer', [1, 1, hiddenSize])]
  const positions = constant([0, 1, 2, 3, 4], [1, 5])
  const scope = createScope()
  let [read, whole]: Tensor[] = []
  const slots = reshape(arange(5), [1, 5])
  const none = reshape(arange(0), [1, 0])
  const opening = constant([1], [])
  const start = { states: prompt, positions, visual: slots, text: none, source: slots, opening, ran: [], changedBy: [] }
  const layer: DecoderStages['layer'] = (index, hidden, next, ran) => {
    if (index === 1) {
      read = reshape(lastAttention({ ...start, ...hidden, ran }, 0, 'test'), [4, 5])
      whole = attentionWeights(ran[0].queries, ran[0].allKeys, ran[0].bias)
      expect(ran[0].bias).toBeDefined()
    }
    return next(hidden)
  }
  decode(scope, start, { answer, stages: { layer } })
  const noise = (shape: readonly number[], seed: number): NdArray => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => Math.sin(seed + 7.3 * at)),
  })
  const leaves = [prompt, ...scope.parameters.values()].map(
    (leaf, at) => [leaf, noise(leaf.shape.map(Number), at)] as const,
  )
  const [row, all] = evaluate([read, whole], new Map(leaves))
  expect(row.shape).toEqual([4, 5])
  const lastRows = [0, 1, 2, 3].flatMap((head) => Array.from(all.data).slice(head * 25 + 20, head * 25 + 25))
  expect(Array.from(row.data)).toEqual(lastRows)
})

describe('a conversation with an encoder-decoder', () => {
  let model: Model
  let image: RgbImage
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
    image = await readImage(join(folder, 'image-0.png'), { pixels: 'reference' })
  })
  afterAll(() => model.dispose())

  it.each(['dense', 'fastv:layer=1,keep=.25'])('%s: reads all turns anew', async (text) => {
    const method = parseMethod(text)
    const conversation = await model.converse([image], method)
    const first = await conversation.ask('what color is it?', { maxTokens: 3 })
    const second = await conversation.ask('and its shape?', { maxTokens: 4 })
    const prompt = `what color is it? ${first.text} and its shape?`
    const fresh = await model.generate({ prompt, images: [image], method, maxTokens: 4 })
    expect(second.text).toBe(fresh.text)
    expect(second.tokens).toEqual({ ...fresh.tokens, cached: 0 })
    expect(second.tokens.visual.last).toBe(text === 'dense' ? 8 : 2)
    await conversation.close()
  })

  it('keeps the prompt in half of its caches and the answer in the other', async () => {
    const language = await model.language(parseMethod('dense'))
    await language.open('caches')
    const visual = { dtype: 'f32', dims: [0, 32], data: new Float32Array(0) } as const
    const chunk = { visual, positions: [0, 1, 2], order: [0, 1, 2], ids: [5, 6, 7], answer: [0] }
    await language.run('caches', chunk)
    expect(language.lengths('caches')).toEqual([1, 3, 1, 3])
    await language.run('caches', { visual, positions: [], order: [], ids: [], answer: [9] })
    expect(language.lengths('caches')).toEqual([2, 3, 2, 3])
    await language.close('caches')
  })
})

describe('config.json of T5', () => {
  it('names the token that answers begin with, or that of padding', () => {
    expect(languageOf({ ...textConfig, decoder_start_token_id: 3 }, 'text_config').answerStart).toBe(3)
    const { decoder_start_token_id: _, ...older } = textConfig
    expect(languageOf({ ...older, pad_token_id: 5 }, 'text_config').answerStart).toBe(5)
    expect(languageOf(textConfig, 'text_config')).toMatchObject({ layers: 3, caches: 4 })
  })

  it.each([
    [{ feed_forward_proj: 'gated-tan', dense_act_fn: null }, /^config.json: text_config.feed_forward_proj: /],
    [{ feed_forward_proj: 'gated-tanh-2' }, /^config.json: text_config.feed_forward_proj: must be an activation/],
    [{ relative_attention_num_buckets: 6 }, /relative_attention_num_buckets: 6 buckets cannot be halved twice/],
  ])('that does not fit is refused by name: %j', (change, message) => {
    expect(() => languageOf({ ...textConfig, ...change }, 'text_config')).toThrow(message)
  })
})
