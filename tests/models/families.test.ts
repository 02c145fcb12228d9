import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { readImage } from '../../src/media/read-image.ts'
import type { Video } from '../../src/media/video.ts'
import { framePreprocessor } from '../../src/models/views/video-processor.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { pixelsOf } from '../../src/pipeline/flow/view-pixels.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { layout } from '../../src/pipeline/talk/layout.ts'

/** Recorded by tests/fixtures/make_*.py from Hugging Face transformers. */
interface Case {
  images: string[]
  videos?: { frames: string[]; framesPerSecond: number }[]
  ids: number[]
  pixels?: string
  features?: string
  logits: string
  greedy: number[]
}

/** The question of every case. */
const PROMPT = 'what color is the star?'

const root = new URL('../fixtures/families/', import.meta.url).pathname

const floats = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Largest difference, relative to the largest value. */
function distance(actual: ArrayLike<number>, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i])), 0) / scale
}

function viewsOf({ parts }: Model, image: RgbImage, alone: boolean) {
  const { prompt } = parts.architecture
  return (!alone && prompt.viewsOfSeveral?.(image)) || prompt.views(image)
}

const titleOf = ({ images, videos = [] }: Case): string =>
  [...images, ...videos.map(({ frames }) => `a video of ${frames.join(', ')}`)].join(' and ') || 'text only'

/** The logits of a prompt about one image, and how many visual tokens entered and left the language model. */
async function prefill(model: Model, image: RgbImage, method?: Method) {
  let logits = new Float32Array()
  const onPrefill = (_: unknown, values: Float32Array) => {
    logits = values.slice()
  }
  const { tokens } = await model.generate({ prompt: 'what is this?', images: [image], method, maxTokens: 2, onPrefill })
  return { logits, ...tokens.visual }
}

describe.each(readdirSync(root))('%s agrees with transformers', (family) => {
  const folder = join(root, family)
  const cases: Case[] = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')).cases
  let model: Model
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it('knows how long a prompt may be, but where positions are stretched as they come', () => {
    const { contextLength } = model.parts.architecture.language
    expect(contextLength).toEqual(family === 'llava-dynamic-rope' ? undefined : expect.any(Number))
  })

  it.each(cases.map((each) => [titleOf(each), each] as const))('%s', async (_, expected) => {
    const read = (names: string[]) =>
      Promise.all(names.map((name) => readImage(join(folder, name), { pixels: 'reference' })))
    const images = await read(expected.images)
    const videos: Video[] = []
    for (const video of expected.videos ?? []) videos.push({ ...video, frames: await read(video.frames) })
    if (expected.pixels) {
      const { architecture, preprocessor } = model.parts
      const stills = images.flatMap((image) => viewsOf(model, image, images.length === 1))
      const frames = videos.flatMap((video) => architecture.prompt.video!.views(video))
      const pixels = [
        ...stills.flatMap((view) => Array.from(pixelsOf(view, preprocessor))),
        ...frames.flatMap((view) => Array.from(pixelsOf(view, framePreprocessor(preprocessor)))),
      ]
      expect(distance(pixels, floats(expected.pixels))).toBeLessThan(1e-6)
    }
    if (expected.features) {
      const encoded = await Promise.all([
        ...images.map((image) => model.encode(image, dense, images.length === 1, PROMPT)),
        ...videos.map((video) => model.encodeVideo(video)),
      ])
      const features = encoded.flatMap((image) => image.views.flatMap((view) => Array.from(view.embeds.data)))
      expect(distance(features, floats(expected.features))).toBeLessThan(1e-4)
    }
    const seen = { ids: [] as readonly number[], logits: new Float32Array(), greedy: [] as number[] }
    await model.generate({
      prompt: PROMPT,
      images,
      videos,
      maxTokens: 12,
      ignoreEos: true,
      onPrefill: (ids, logits) => Object.assign(seen, { ids, logits }),
      onToken: (id) => seen.greedy.push(id),
    })
    expect(seen.ids).toEqual(expected.ids)
    expect(distance(seen.logits, floats(expected.logits))).toBeLessThan(1e-4)
    expect(seen.greedy).toEqual(expected.greedy)
  })
  it('runs with every token kept, bit by bit as without a method', async () => {
    const image = await readImage(join(folder, 'image-0.png'), { pixels: 'reference' })
    const [dense, kept] = [await prefill(model, image), await prefill(model, image, parseMethod('keep-all'))]
    expect(kept).toEqual(dense)
    expect(dense.last).toBe(dense.after)
  })

  it.each(['random:keep=.25', 'fastv:layer=1,keep=.25', 'resize:keep=.25'])(
    'runs with fewer tokens: %s',
    async (text) => {
      const image = await readImage(join(folder, 'image-1.png'), { pixels: 'reference' })
      const { logits, before, last } = await prefill(model, image, parseMethod(text))
      expect(last).toBeGreaterThan(0)
      expect(last).toBeLessThan(before / 2)
      expect(logits.every(Number.isFinite)).toBe(true)
    },
  )

  it('decodes from its cache what a prompt of the same tokens gives', async () => {
    const { prompt, language: decoder } = model.parts.architecture
    // The answer is a sequence of its own (T5), or a prompt sees itself in full (PaliGemma): cutting it changes it.
    if (decoder.answerStart !== undefined || prompt.write) return
    const language = await model.language(dense)
    const ids = Array.from({ length: 19 }, (_, at) => 20 + at * 3)
    const run = async (key: string, lengths: readonly number[]) => {
      await language.open(key)
      let [start, logits] = [0, new Float32Array()]
      for (const length of lengths) {
        const chunk = layout(ids.slice(start, start + length), -1, [], start, { axes: decoder.positionAxes })
        logits = (await language.run(key, chunk)).logits.slice()
        start += length
      }
      await language.close(key)
      return logits
    }
    const whole = await run('whole', [19])
    // token by token, and a chunk after a chunk: the kernels differ
    expect(distance(await run('stepwise', [16, 1, 1, 1]), whole)).toBeLessThan(1e-5)
    expect(distance(await run('chunks', [8, 11]), whole)).toBeLessThan(1e-5)
    expect(distance(await run('from the first', new Array(19).fill(1)), whole)).toBeLessThan(1e-5)
  })

  it('says the same again from the same seed, stops when told to, and answers after that', async () => {
    const images = [await readImage(join(folder, 'image-0.png'), { pixels: 'reference' })]
    const draw = async (seed: number) => {
      const drawn: number[] = []
      const onToken = (id: number) => drawn.push(id)
      await model.generate({ prompt: PROMPT, images, maxTokens: 6, ignoreEos: true, temperature: 1, seed, onToken })
      return drawn
    }
    const first = await draw(7)
    const stop = new AbortController()
    const onToken = () => stop.abort()
    const options = { prompt: PROMPT, images, maxTokens: 50, ignoreEos: true, signal: stop.signal, onToken }
    const { finishReason, tokens } = await model.generate(options)
    expect(finishReason).toBe('aborted')
    expect(tokens.generated).toBeLessThan(3)
    expect(await draw(7)).toEqual(first)
    expect(await draw(8)).not.toEqual(first)
  })
})

it('ends with its engine', async () => {
  const model = await loadModel(join(root, 'llava'), { threads: 1 })
  await model.generate({ prompt: PROMPT, maxTokens: 1 })
  await model.dispose()
  await expect(model.generate({ prompt: PROMPT, maxTokens: 1 })).rejects.toMatchObject({ code: 'model_disposed' })
})
