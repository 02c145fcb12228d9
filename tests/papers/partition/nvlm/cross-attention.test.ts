import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../../src/papers/methods.ts'
import { tileMask } from '../../../../src/papers/partition/nvlm/cross-attention.ts'
import { dense } from '../../../../src/pipeline/method/compose.ts'
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
