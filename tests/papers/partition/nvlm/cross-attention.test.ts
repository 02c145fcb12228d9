import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../../src/media/image.ts'
import { parseMethod } from '../../../../src/papers/methods.ts'
import { imageMask, tileMask } from '../../../../src/papers/partition/nvlm/cross-attention.ts'
import { compose, dense } from '../../../../src/pipeline/method/compose.ts'
import type { LayerSite, Method, Stage } from '../../../../src/pipeline/method/method.ts'
import type { Sequence } from '../../../../src/pipeline/method/sequence.ts'
import { constant } from '../../../../src/tensor/index.ts'
import { largestDifference, PATCHES, picture, type Tiny, tinyModel } from '../../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../../random-adapter.ts'
import { pictureChunk, runChunks, textChunk } from '../../read-side.ts'
import { numbersIn, sequenceOf } from '../../site.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const tiles = (wide: number, high: number, seed = 1) => picture(seed, 32 * wide, 32 * high)
const question = [21, 40, 33]
const cross = (options: { untrained?: boolean } = {}) =>
  withRandomAdapter(tiny.model.parts.architecture, parseMethod('nvlm:form=cross,every=2'), options)

describe('what slots see of tiles', () => {
  const [T1, T2] = [70, 71]
  const view = constant([0, 0, 1, 1], [1, 4, 1], 'i64')
  const maskOf = (tokens: number[]) => {
    const seq = sequenceOf({ visual: [[]], states: tokens.map(() => 0), length: tokens.length })
    const token = constant(tokens, [1, tokens.length], 'i64')
    const [mask] = numbersIn([tileMask({ ...seq, tags: { token } }, view, [T1, T2])])
    return tokens.map((_, at) => mask.slice(5 * at, 5 * at + 4).map((value) => Number(value === 0)))
  }

  it('is its own of a tag, all so far of text behind, nothing of text before', () => {
    expect(maskOf([5, T1, 6, T2, 7, 8])).toEqual([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [0, 0, 1, 1],
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ])
  })

  it('is all in what comes later', () => {
    expect(maskOf([5, 6])).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ])
  })
})

describe('NVLM-X', () => {
  it('takes no slots for tiles: the sequence holds text alone', async () => {
    const [inSequence, beside] = [parseMethod('nvlm'), cross()]
    const [d, x] = [
      await pictureChunk(tiny.model, inSequence, [tiles(2, 1)], question),
      await pictureChunk(tiny.model, beside, [tiles(2, 1)], question),
    ]
    expect([d.visual.dims[0], x.visual.dims[0]]).toEqual([3 * PATCHES, 0])
    const [{ rows }] = await runChunks(tiny.model, beside, [x])
    expect(rows).toEqual(new Array(4).fill(x.ids.length))
    expect(x.positions).toEqual(x.ids.map((_, at) => at))
    const first = tiny.model.parts.architecture.language.vocabulary
    expect(x.ids.filter((id) => id >= first)).toHaveLength(3)
  })

  it('says what it said before training, whatever the picture: its gates are 0', async () => {
    const method = cross({ untrained: true })
    const logits = async (seed: number) => {
      const chunk = await pictureChunk(tiny.model, method, [tiles(2, 1, seed)], question)
      return (await runChunks(tiny.model, method, [chunk]))[0].logits
    }
    expect(await logits(1)).toEqual(await logits(2))
    const text = textChunk(tiny.model, question, { end: 0 })
    const [[plain], [under]] = [await runChunks(tiny.model, dense, [text]), await runChunks(tiny.model, method, [text])]
    expect(under.logits).toEqual(plain.logits)
  })

  it('looks at every tile once its gates are open', async () => {
    const method = cross()
    const logits = async (image: ReturnType<typeof tiles>) => {
      const chunk = await pictureChunk(tiny.model, method, [image], question)
      return (await runChunks(tiny.model, method, [chunk]))[0].logits
    }
    const image = tiles(2, 1)
    const other = { ...image, data: image.data.slice() }
    for (let row = 0; row < 32; row++) other.data.fill(7, 3 * (64 * row + 48), 3 * (64 * row + 64)) // in the second tile
    expect(largestDifference(await logits(image), await logits(other))).toBeGreaterThan(1e-4)
    expect((await logits(image)).every(Number.isFinite)).toBe(true)
  })

  it('reads text alone as the model does', async () => {
    const text = textChunk(tiny.model, question, { end: 0 })
    const [plain] = await runChunks(tiny.model, dense, [text])
    const [under] = await runChunks(tiny.model, cross(), [text])
    expect(under.logits).toEqual(plain.logits)
  })

  it('decodes with what it keeps of the tiles as if all were read at once', async () => {
    const method = cross()
    const opening = await pictureChunk(tiny.model, method, [tiles(2, 1)], question)
    const whole = await pictureChunk(tiny.model, method, [tiles(2, 1)], [...question, 31, 45])
    const [{ logits }] = await runChunks(tiny.model, method, [whole])
    const one = textChunk(tiny.model, [31], opening, method)
    const parts = await runChunks(tiny.model, method, [opening, one, textChunk(tiny.model, [45], one, method)])
    expect(largestDifference(parts.at(-1)!.logits, logits)).toBeLessThan(1e-4)
  })

  it('answers', async () => {
    const reply = await tiny.model.generate({ prompt: 'what?', images: [tiles(2, 1)], method: cross(), maxTokens: 3 })
    expect(reply.tokens.visual).toMatchObject({ after: 0, last: 0 })
  })

  it('refuses tags that are no numbers', () => {
    expect(() => parseMethod('nvlm:form=cross,tags=box')).toThrow('nvlm: form=cross tells tiles by their numbers')
  })
})

describe('what slots see of the tiles of images', () => {
  const TAG = 70
  /** Two tiles of one row each, the end of the first image, one tile, the end of the second. */
  const marks = constant([0, 0, 1, 0, 1], [1, 5, 1], 'i64')
  const seenBy = (tokens: number[]) => {
    const seq = sequenceOf({ visual: [[]], states: tokens.map(() => 0), length: tokens.length })
    const token = constant(tokens, [1, tokens.length], 'i64')
    const [mask] = numbersIn([imageMask({ ...seq, tags: { token } }, marks, [TAG])])
    return tokens.map((_, at) => mask.slice(6 * at, 6 * at + 5).map((value) => Number(value === 0)))
  }

  it('is nothing before an image, all of it from the tag of its thumbnail on, and never its end', () => {
    expect(seenBy([5, TAG, -1, 6, TAG, 7])).toEqual([
      [0, 0, 0, 0, 0],
      [1, 1, 0, 0, 0],
      [1, 1, 0, 0, 0],
      [1, 1, 0, 0, 0],
      [1, 1, 0, 1, 0],
      [1, 1, 0, 1, 0],
    ])
    expect(seenBy([5, 6])).toEqual(new Array(2).fill([1, 1, 0, 1, 0]))
  })
})

describe('NVLM-H', () => {
  const hybrid = (options: { untrained?: boolean } = {}) =>
    withRandomAdapter(tiny.model.parts.architecture, parseMethod('nvlm:form=hybrid,every=2'), options)
  const chunkOf = (method: Method, images = [tiles(2, 1)], more: number[] = []) =>
    pictureChunk(tiny.model, method, images, [...question, ...more])
  const logitsOf = async (method: Method, images?: RgbImage[]) =>
    (await runChunks(tiny.model, method, [await chunkOf(method, images)]))[0].logits
  /** The same image with other pixels from a column on. */
  const changed = (image: RgbImage, from: number, to: number) => {
    const data = image.data.slice()
    for (let row = 0; row < image.height; row++)
      data.fill(7, 3 * (image.width * row + from), 3 * (image.width * row + to))
    return { ...image, data }
  }

  it('has the tokens of the thumbnail in the sequence, and one word for it', async () => {
    const method = hybrid()
    const chunk = await chunkOf(method)
    expect(chunk.visual.dims[0]).toBe(PATCHES)
    const first = tiny.model.parts.architecture.language.vocabulary
    expect(chunk.ids.filter((id) => id >= first)).toHaveLength(1)
    const [{ rows }] = await runChunks(tiny.model, method, [chunk])
    expect(rows).toEqual(new Array(4).fill(chunk.order.length))
    expect(chunk.positions).toEqual(chunk.order.map((_, at) => at))
    const { views } = await tiny.model.encode(tiles(2, 1), method)
    expect(views.map(({ embeds, memory }) => [embeds.dims[0], memory['nvlm.0'].dims[0]])).toEqual([
      [0, PATCHES + 1],
      [0, PATCHES + 1],
      [PATCHES, 1],
    ])
  })

  it('is the thumbnail alone, as in NVLM-D, where an image has no tiles, and at first where it has', async () => {
    const plain = withRandomAdapter(tiny.model.parts.architecture, parseMethod('nvlm:form=hybrid,every=2'), {
      untrained: true,
    })
    const trained = hybrid()
    expect(
      largestDifference(await logitsOf(trained, [tiles(1, 1)]), await logitsOf(shut(trained), [tiles(1, 1)])),
    ).toBe(0)
    expect(await logitsOf(trained)).not.toEqual(await logitsOf(shut(trained)))
    const seen = await logitsOf(plain)
    expect((await logitsOf(plain, [changed(tiles(2, 1), 0, 1)])).every(Number.isFinite)).toBe(true)
    expect(seen).toEqual(await logitsOf(shut(plain)))
  })

  /** Without the looks of its layers. */
  function shut(method: Method): Method {
    const [{ read, ...part }] = method.parts!
    const look = read!.layer as Stage<Sequence, Sequence, LayerSite>
    const looks = {
      layer: (seq: Sequence, next: (seq: Sequence) => Sequence, at: LayerSite) => {
        look(seq, (looked) => looked, at)
        return next(seq)
      },
    }
    return compose({ ...part, name: 'nvlm:shut', options: undefined, read: { ...read, ...looks } })
  }

  it('looks at each tile, and knows which it is', async () => {
    const method = hybrid()
    const [image, plain] = [tiles(2, 1), await logitsOf(method)]
    for (const half of [0, 1])
      expect(
        largestDifference(await logitsOf(method, [changed(image, 32 * half, 32 * half + 32)]), plain),
      ).toBeGreaterThan(1e-4)
    const flat = { ...image, data: image.data.map(() => 9) }
    const { views } = await tiny.model.encode(flat, method)
    const [first, second] = views.map(({ memory }) => memory['nvlm.0'].data)
    const width = first.length / (PATCHES + 1)
    expect(first.slice(0, width)).not.toEqual(second.slice(0, width)) // tags
    expect(largestDifference(first.slice(width), second.slice(width))).toBeLessThan(1e-5)
  })

  it('decodes with what it keeps of the tiles as if all were read at once, of two images too', async () => {
    const method = hybrid()
    for (const images of [[tiles(2, 1)], [tiles(2, 1, 2), tiles(1, 2, 3)]]) {
      const opening = await chunkOf(method, images)
      const [{ logits }] = await runChunks(tiny.model, method, [await chunkOf(method, images, [31, 45])])
      const one = textChunk(tiny.model, [31], opening, method)
      const parts = await runChunks(tiny.model, method, [opening, one, textChunk(tiny.model, [45], one, method)])
      expect(largestDifference(parts.at(-1)!.logits, logits)).toBeLessThan(1e-4)
    }
  })

  it('answers, and is counted as what it comes to', async () => {
    const options = { prompt: 'what?', images: [tiles(2, 1), tiles(1, 1)], method: hybrid() }
    const { tokens } = await tiny.model.generate({ ...options, maxTokens: 3 })
    expect(tokens.visual).toMatchObject({ after: 2 * PATCHES, last: 2 * PATCHES })
    const counted = await tiny.model.count(options)
    expect(counted.visual).toBe(2 * PATCHES)
  })
})
