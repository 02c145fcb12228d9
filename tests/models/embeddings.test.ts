import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Embedder } from '../../src/embedding/embedder.ts'
import { fillUp, textIds } from '../../src/embedding/text-batch.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { loadEmbedder } from '../../src/loading/node-load-embedder.ts'
import { readImage } from '../../src/media/read-image.ts'
import { clip } from '../../src/models/dual/clip.ts'
import { siglip } from '../../src/models/dual/siglip.ts'
import { canonicalText } from '../../src/models/dual/siglip-text.ts'
import { siglip2 } from '../../src/models/dual/siglip2.ts'
import { parsePreprocessor } from '../../src/models/views/image-processor.ts'
import { pixelsOf } from '../../src/pipeline/flow/view-pixels.ts'

/** Recorded by tests/fixtures/make_embeddings.py from Hugging Face transformers. */
interface Expected {
  images: string[]
  texts: string[]
  ids: number[][]
  pixels: string
  image_embeds: string
  text_embeds: string
  logits_per_image: string
  probabilities: string
}

const root = new URL('../fixtures/embeddings/', import.meta.url).pathname

const floats = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Largest difference, relative to the largest value. */
function distance(rows: readonly Float32Array[], expected: Float32Array): number {
  const actual = rows.flatMap((row) => Array.from(row))
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / scale
}

describe.each(readdirSync(root))('%s agrees with transformers', (name) => {
  const folder = join(root, name)
  const expected: Expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
  const images = () =>
    Promise.all(expected.images.map((file) => readImage(join(folder, file), { pixels: 'reference' })))
  let model: Embedder
  beforeAll(async () => {
    model = await loadEmbedder(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it('in pixels and token ids', async () => {
    const { parts } = model
    const pixels = (await images()).map((image) => pixelsOf(parts.encoder.view(image), parts.preprocessor))
    expect(distance(pixels, floats(expected.pixels))).toBeLessThan(1e-6)
    const ids = expected.texts.map((text) => textIds(parts, text, false))
    for (const [at, row] of ids.entries()) expect(expected.ids[at].slice(0, row.length)).toEqual(row)
    expect(fillUp(parts, ids).ids).toEqual(expected.ids.flat())
  })

  it('in embeddings, logits and probabilities of several images and texts', async () => {
    const found = await model.embed({ images: await images(), texts: expected.texts })
    expect(distance(found.images, floats(expected.image_embeds))).toBeLessThan(1e-4)
    expect(distance(found.texts, floats(expected.text_embeds))).toBeLessThan(1e-4)
    const { logits, probabilities } = model.similarity(found)
    expect(distance(logits, floats(expected.logits_per_image))).toBeLessThan(1e-4)
    expect(distance(probabilities, floats(expected.probabilities))).toBeLessThan(1e-4)
  })

  it('whether they come alone or together', async () => {
    const [, image] = await images()
    const alone = await model.embed({ images: [image], texts: expected.texts.slice(3) })
    const width = model.width
    expect(distance(alone.images, floats(expected.image_embeds).slice(width, 2 * width))).toBeLessThan(1e-4)
    expect(distance(alone.texts, floats(expected.text_embeds).slice(3 * width))).toBeLessThan(1e-4)
    expect(await model.embed({})).toEqual({ images: [], texts: [] })
    const many = await model.embed({ images: new Array(6).fill(image), texts: new Array(40).fill(expected.texts[3]) })
    expect([many.images.length, many.texts.length]).toEqual([6, 40])
    expect(distance(many.images.slice(5), alone.images[0])).toBeLessThan(1e-4)
    expect(distance(many.texts.slice(39), alone.texts[0])).toBeLessThan(1e-4)
  })

  it('and embeds empty texts, cuts long ones on request, and refuses them otherwise', async () => {
    const long = 'star '.repeat(200)
    const { texts } = await model.embed({ texts: ['', long, `${long}star`], truncate: true })
    expect(texts.every((text) => text.every(Number.isFinite))).toBe(true)
    expect(texts[2]).toEqual(texts[1])
    await expect(model.embed({ texts: [long] })).rejects.toMatchObject({ code: 'text_too_long', kind: 'input' })
  })

  it('refuses embeddings of another width, and ends when it is told to', async () => {
    const other = { images: [new Float32Array(3)], texts: [] }
    expect(() => model.similarity(other)).toThrow(expect.objectContaining({ code: 'embedding_invalid' }))
    const stopped = model.embed({ texts: ['star'], signal: AbortSignal.abort(new Error('stopped')) })
    await expect(stopped).rejects.toThrow('stopped')
  })
})

describe('models of the other kind', () => {
  it('are refused with the command that takes them', async () => {
    const vlm = new URL('../fixtures/families/llava', import.meta.url).pathname
    await expect(loadEmbedder(vlm)).rejects.toMatchObject({
      code: 'model_answers',
      kind: 'input',
      message: expect.stringMatching(/a llava model: .* use fovea ask, or loadModel/),
    })
    await expect(loadModel(join(root, 'clip'))).rejects.toMatchObject({
      code: 'model_embeds',
      kind: 'input',
      message: expect.stringMatching(/a clip model: .* use fovea embed, or loadEmbedder/),
    })
  })
})

describe('configs', () => {
  it.each([
    [clip, { model_type: 'clip', text_config: { num_attention_heads: 7 } }, 'text_config.num_attention_heads: 7 does'],
    [siglip, { model_type: 'siglip', text_config: { projection_size: 3 } }, 'projection_size: 3 is not vision_config'],
    [siglip, { model_type: 'siglip', vision_config: { vision_use_head: false } }, 'images have no embedding without'],
    [siglip2, { model_type: 'siglip2', vision_config: { vision_use_head: false } }, 'images have no embedding without'],
    [
      siglip2,
      { model_type: 'siglip2', vision_config: { num_patches: 250 } },
      'num_patches: 250 positions make no square',
    ],
    [siglip2, { model_type: 'siglip2', vision_config: { num_patches: 0 } }, 'vision_config.num_patches: Too small'],
    [siglip2, { model_type: 'siglip2', vision_config: { num_patches: 2 ** 24 } }, 'vision_config.num_patches: Too big'],
    [siglip2, { model_type: 'siglip2', vision_config: { patch_size: 0 } }, 'vision_config.patch_size: Too small'],
    [siglip2, { model_type: 'siglip2', vision_config: { hidden_size: 64 } }, 'num_attention_heads: 12 does not divide'],
    [
      siglip2,
      { model_type: 'siglip2', text_config: { projection_size: 3 } },
      'projection_size: 3 is not vision_config',
    ],
  ])('%# name the field that does not fit', (family, config, message) => {
    expect(() => family.bind(config)).toThrow(message)
  })

  it('of early CLIP say twice what they say, and the second counts', () => {
    const twice = { vision_config: { image_size: 224 }, vision_config_dict: { image_size: 336, patch_size: 14 } }
    expect(clip.bind({ model_type: 'clip', ...twice })).toMatchObject({ imageSize: 336, patchSize: 14 })
  })

  it('of SigLIP 2 may say nothing of images and texts', () => {
    const nothing = { model_type: 'siglip2', text_config: null, vision_config: null }
    expect(siglip2.bind(nothing)).toMatchObject({ imageSize: 256, patchSize: 16, width: 768 })
  })

  it('find the end of a text by its highest id where eos_token_id is 2', () => {
    const pooledAt = (eos: number, ids: number[]) =>
      clip.bind({ model_type: 'clip', text_config: { eos_token_id: eos } }).text.pooledAt(ids)
    expect(pooledAt(2, [8, 2, 9, 9])).toBe(2)
    expect(pooledAt(7, [8, 7, 9, 7])).toBe(1)
  })
})

it('texts of SigLIP lose capitals and punctuation, those of SigLIP 2 their capitals', () => {
  expect(canonicalText("  It's a CAT,\n a cat! ", 'SiglipTokenizer')).toBe('its a cat a cat')
  expect(canonicalText('A Cat!', 'Siglip2TokenizerFast')).toBe('a cat!')
  expect(canonicalText('A Cat!', 'GemmaTokenizerFast')).toBe('A Cat!')
})

describe('the image processor of SigLIP 2', () => {
  const image = (width: number, height: number) => ({ width, height, data: new Uint8Array(3 * width * height) })
  const file = (fields: object) => ({ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], ...fields })
  const bind = (fields: object) =>
    siglip2.bind({ model_type: 'siglip2', vision_config: {} }, parsePreprocessor(file(fields), 'model'))

  it.each([
    [{ max_num_patches: 0 }, 'max_num_patches: Too small'],
    [{ max_num_patches: -1 }, 'max_num_patches: Too small'],
    [{ max_num_patches: 0.5 }, 'max_num_patches: Invalid input'],
    [{ max_num_patches: 1e9 }, 'max_num_patches: Too big'],
    [{ patch_size: 14 }, 'patch_size: 14 is not vision_config.patch_size 16'],
    [{ do_resize: false }, 'do_resize: images must be resized'],
  ])('is refused with %j', (fields, message) => {
    expect(() => bind(fields)).toThrow(expect.objectContaining({ code: 'preprocessor_invalid', kind: 'input' }))
    expect(() => bind(fields)).toThrow(message)
  })

  it('leaves at least one patch in each direction, and no more than it may', () => {
    const { view } = bind({ max_num_patches: 1 })
    expect(view(image(1, 5000))).toMatchObject({ width: 16, height: 16 })
    const most = bind({ max_num_patches: 4096 }).view(image(5000, 1))
    expect((most.width / 16) * (most.height / 16)).toBeLessThanOrEqual(4096)
    expect(bind({}).view(image(640, 480))).toMatchObject({ width: 288, height: 224 })
  })

  it('resizes bilinearly where it does not say how', () => {
    const resample = (fields: object) => parsePreprocessor(file(fields), 'model').resample
    expect(resample({ image_processor_type: 'Siglip2ImageProcessorFast' })).toBe(2)
    expect(resample({ image_processor_type: 'Siglip2ImageProcessor', resample: 3 })).toBe(3)
    expect(resample({ image_processor_type: 'SiglipImageProcessor' })).toBeUndefined()
  })
})
