import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dtd, sceneChanges } from '../../../src/papers/reducer/dtd.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { Rng } from '../../../src/world/rng.ts'
import { left, tokensOf } from '../../pipeline/frames-of.ts'
import { picture } from '../../pipeline/tiny-model.ts'
import { loadFamily, seen, videoOf } from '../../pipeline/videos.ts'

// biome-ignore format: steps
const hand = tokensOf([
  [[1, 0], [1, 0]],
  [[1, 1], [1, 0.1]],
  [[1, 2], [-1, 0.1]],
  [[1, 2.1], [-1, 0]],
])
const kept = (options: object, tokens = hand) => left(dtd, options, tokens).places

describe('dtd', () => {
  it('drops what is too like the step before: the example by hand', () => {
    expect(kept({ threshold: 0.5 })).toEqual([0, 1, 5])
    expect(kept({ threshold: 0.9 })).toEqual([0, 1, 2, 5])
  })

  it('drops nothing above every cosine, and all but the first step below', () => {
    expect(kept({ threshold: 1 }, tokensOf([[[1, 0]], [[0, 1]], [[1, 1]]]))).toEqual([0, 1, 2])
    expect(kept({ threshold: -1 })).toEqual([0, 1])
  })

  it('relative: drops so many of every step, the most alike', () => {
    expect(kept({ threshold: 0.5, mode: 'relative' })).toEqual([0, 1, 2, 5, 7])
    expect(kept({ threshold: 1, mode: 'relative' })).toEqual([0, 1])
    expect(kept({ threshold: 0, mode: 'relative' })).toEqual([...Array(8).keys()])
  })

  it('keeps of a still clip its first step, and all where every step is new', () => {
    const still = tokensOf(Array.from({ length: 4 }, () => [[1, 2], [3, 1]])) // biome-ignore format: steps
    expect(kept({}, still)).toEqual([0, 1])
    const cuts = tokensOf(Array.from({ length: 4 }, (_, t) => [t % 2 ? [1, 0] : [0, 1]]))
    expect(kept({}, cuts)).toEqual([0, 1, 2, 3])
  })

  it('never drops more for a higher threshold', () => {
    const rng = Rng.from(3, 'dtd')
    const video = tokensOf(
      Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => [rng.normal(), rng.normal(), 1])),
    )
    const sets = [-0.5, 0, 0.5, 0.9].map((threshold) => new Set(kept({ threshold }, video)))
    for (let at = 1; at < sets.length; at++) for (const place of sets[at - 1]) expect(sets[at].has(place)).toBe(true)
  })

  it('says when a scene begins: the steps that lost least', () => {
    const lost = [0.9, 0.8, 0.2, 0.95, 0.7, 0.85, 0.9, 0.6, 0.88, 0.91, 0.3]
    expect(sceneChanges(lost)).toEqual([6, 22])
  })
})

describe('on models', () => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily('qwen2-vl')
  })
  afterAll(() => model.dispose())

  it('shrinks a still video to its first step; the text behind stands where it stood', async () => {
    const video = videoOf(model, [1, 1, 1])
    const [own, short] = [await seen(model, video), await seen(model, video, parseMethod('dtd:threshold=.99'))]
    expect(short.tokens).toBe(own.tokens / 3)
    expect(short.views[0].grid).toEqual(own.views[0].grid) // its end decides where text goes on
    expect(short.views[0].places).toHaveLength(short.tokens)
  })

  it('gives a stream of frames what it gives all of them at once', async () => {
    const seeds = [1, 1, 2, 3, 3]
    const by = parseMethod('dtd:threshold=.99')
    const { views } = await seen(model, videoOf(model, seeds), by)
    const inStream = []
    for (const [frame, seed] of seeds.entries()) {
      const prepared = await model.prepare(picture(seed, 56, 56), { method: by, stream: { key: 'dtd', frame } })
      inStream.push(...(await model.encodePictures([prepared]))[0].views.map(({ embeds }) => embeds))
    }
    await model.forgetStream('dtd')
    expect(inStream.map(({ dims: [tokens] }) => tokens > 0)).toEqual([true, false, true, true, false])
    const joined = inStream.flatMap(({ data }) => [...data])
    expect(joined).toHaveLength(views[0].embeds.data.length)
    for (const [at, value] of joined.entries()) expect(value).toBeCloseTo(views[0].embeds.data[at], 5)
  })

  it('leaves one frame, and an image, as they are', async () => {
    const video = videoOf(model, [1])
    expect((await seen(model, video, parseMethod('dtd'))).embeds).toEqual((await seen(model, video)).embeds)
  })
})
