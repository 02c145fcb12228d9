import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/evaluation/load-model.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { Model } from '../../../src/pipeline/model.ts'
import type { EncodedImage } from '../../../src/pipeline/parts.ts'
import { inRuns, viewsPerRun } from '../../../src/pipeline/pictures/view-runs.ts'
import type { Precision } from '../../../src/pipeline/precision-report.ts'
import { ownCache } from '../../quantization/cache-folder.ts'
import { countingBackend } from '../counting-backend.ts'
import { largestDifference, picture } from '../tiny-model.ts'
import { loadFamily, VIDEO_FAMILIES, videoOf } from '../videos.ts'

ownCache()

/** The same as a method, its views one by one. */
const alone = (method: Method = compose()): Method => compose(method, { name: 'alone', needs: { alone: true } })

const embeds = (images: readonly EncodedImage[]): number[] =>
  images.flatMap(({ views }) => views.flatMap((view) => [...view.embeds.data]))
const owners = (images: readonly EncodedImage[]) => images.map(({ views }) => views.map(({ owner }) => owner))

describe('runs', () => {
  it('are few and even, and none holds more than it may', () => {
    expect(inRuns([1, 2, 3, 4, 5, 6, 7, 8, 9], 8)).toEqual([
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9],
    ])
    expect(inRuns([1, 2, 3], 1)).toEqual([[1], [2], [3]])
    expect(inRuns([1, 2], 8)).toEqual([[1, 2]])
    expect(inRuns([], 8)).toEqual([])
  })

  it('hold fewer views the more patches these have, and always one', () => {
    expect([16, 729, 1024, 2048, 8193, 100_000].map(viewsPerRun)).toEqual([8, 8, 8, 4, 1, 1])
  })
})

describe.each(['llava-next', 'llava-onevision', 'internvl', 'idefics3', 'smolvlm', 'gemma3-crops', 'instructblip'])(
  '%s',
  (family) => {
    let model: Model
    const backend = countingBackend()
    beforeAll(async () => {
      const loaded = await loadFamily(family)
      await loaded.dispose()
      model = new Model(loaded.parts, backend)
    })
    afterAll(() => model.dispose())
    beforeEach(() => backend.views.splice(0))

    const encode = async (method: Method, seeds: readonly number[], size = 120) => {
      const ready = []
      for (const seed of seeds)
        ready.push(await model.prepare(picture(seed, size, size / 2), { method, alone: seeds.length === 1 }))
      return model.encodePictures(ready)
    }

    it.each(['keep-all', 'visionzip:keep=.5', 'random:keep=.5'])(
      'makes of its tiles together what it makes of each: %s',
      async (name) => {
        const together = await encode(compose(parseMethod(name)), [1, 2])
        const runs = backend.views.splice(0)
        model.forgetPictures()
        const apart = await encode(alone(parseMethod(name)), [1, 2])
        expect(backend.views.every((views) => views === 1)).toBe(true)
        expect(backend.views.length).toBe(runs.reduce((sum, views) => sum + views, 0))
        expect(Math.max(...runs)).toBeGreaterThan(1)
        expect(runs.length).toBeLessThan(backend.views.length)
        expect(largestDifference(embeds(together), embeds(apart))).toBeLessThan(1e-5)
        expect(owners(together)).toEqual(owners(apart))
      },
    )

    it('counts the work of a run once, in whole numbers', async () => {
      const flops = (images: readonly EncodedImage[]) =>
        images.flatMap(({ views }) => views.map(({ cost }: EncodedView) => cost.flops))
      const together = flops(await encode(parseMethod('resize:keep=.5'), [3, 4]))
      model.forgetPictures()
      const apart = flops(await encode(alone(parseMethod('resize:keep=.5')), [3, 4]))
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
      expect(together.every(Number.isInteger)).toBe(true)
      expect(sum(together)).toBeLessThanOrEqual(sum(apart))
      expect(sum(together)).toBeGreaterThan(0.95 * sum(apart))
    })

    it('encodes a picture that comes twice once, and one that is known not again', async () => {
      const [first, , again] = await encode(compose(), [5, 6, 5])
      const views = backend.views.splice(0).reduce((sum, count) => sum + count, 0)
      expect([first.cached, again.cached]).toEqual([false, true])
      expect(again.views).toEqual(first.views)
      expect((await encode(compose(), [6, 5])).map(({ cached }) => cached)).toEqual([true, true])
      expect(backend.views).toEqual([])
      await encode(compose(), [7, 6])
      expect(backend.views.reduce((sum, count) => sum + count, 0) * 2).toBe(views)
    })

    it('runs no more views at once than are allowed', async () => {
      const seeds = Array.from({ length: 12 }, (_, at) => 20 + at)
      const images = await encode(compose(), seeds)
      expect(Math.max(...backend.views)).toBeLessThanOrEqual(8)
      expect(Math.max(...backend.views)).toBeGreaterThan(1)
      model.forgetPictures()
      const apart = await encode(alone(), [24, 25])
      expect(largestDifference(embeds(images.slice(4, 6)), embeds(apart))).toBeLessThan(1e-5)
    })
  },
)

describe.each(VIDEO_FAMILIES)('frames of %s', (family) => {
  let model: Model
  const backend = countingBackend()
  beforeAll(async () => {
    const loaded = await loadFamily(family)
    await loaded.dispose()
    model = new Model(loaded.parts, backend)
  })
  afterAll(() => model.dispose())

  it('go together, and become what they become one by one', async () => {
    const video = videoOf(model, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    const together = await model.encodeVideo(video)
    expect(backend.views.splice(0)).toEqual([5, 4])
    model.forgetPictures()
    const apart = await model.encodeVideo(video, alone())
    expect(backend.views).toEqual(new Array(9).fill(1))
    expect(largestDifference(embeds([together]), embeds([apart]))).toBeLessThan(1e-5)
  })
})

describe.each(['int8', 'int4'] as const)('%s', (dtype: Precision) => {
  let model: Model
  const backend = countingBackend()
  beforeEach(async () => {
    const loaded = await loadModel(new URL('../../fixtures/families/llava-siglip', import.meta.url).pathname, { dtype })
    await loaded.dispose()
    model = new Model(loaded.parts, backend)
  })
  afterEach(() => model.dispose())

  it('gives a view what it gets alone, whoever is encoded with it', async () => {
    const look = (seeds: readonly number[], method = compose()) =>
      Promise.all(seeds.map((seed) => model.prepare(picture(seed), { method, alone: false })))
    const together = await model.encodePictures(await look([1, 2, 3]))
    const runs = backend.views.splice(0)
    // Activations of int8 layers are scaled by the largest of all rows that are there; encoders have no int4 layers.
    expect(runs).toEqual([1, 1, 1])
    model.forgetPictures()
    const apart = await model.encodePictures(await look([1, 2, 3], alone()))
    expect(largestDifference(embeds(together), embeds(apart))).toBe(0)
  })
})
