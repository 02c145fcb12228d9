import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../src/media/image.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { gaussians, mostChanged, partlyAnew, stc } from '../../../src/papers/compute/stc.ts'
import { buildMethod, parseMethod } from '../../../src/papers/methods.ts'
import { carriedOutputs } from '../../../src/pipeline/flow/carried-values.ts'
import { traceVision } from '../../../src/pipeline/flow/trace-vision.ts'
import { createCarrying } from '../../../src/pipeline/method/carrying.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { cosine } from '../../../src/pipeline/method/similarity.ts'
import { countCost } from '../../../src/runtime/index.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, PATCHES, picture, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data)
const method = (options: object): Method => compose(buildMethod(stc as never, { tokens: PATCHES, ...options } as never))

let streams = 0

/** What each frame of a stream becomes. */
async function encoded(by: Method, frames: readonly RgbImage[]) {
  const key = `stc-${streams++}`
  const views = []
  for (const [frame, image] of frames.entries()) {
    const prepared = await tiny.model.prepare(image, { method: by, stream: { key, frame } })
    views.push(...(await tiny.model.encodePictures([prepared]))[0].views)
  }
  await tiny.model.forgetStream(key)
  return views
}

const dense = async (image: RgbImage) => (await tiny.model.encode(image)).views[0].embeds.data

/** A picture with one of its patches of 8 x 8 pixels inverted. */
function moved(image: RgbImage, patch: number): RgbImage {
  const data = Uint8Array.from(image.data)
  const [top, left] = [Math.floor(patch / 4) * 8, (patch % 4) * 8]
  for (let y = top; y < top + 8; y++)
    for (let x = left; x < left + 8; x++) for (let c = 0; c < 3; c++) data[(y * image.width + x) * 3 + c] ^= 0xff
  return { ...image, data }
}

describe('cacher', () => {
  const frames = [picture(1, 32, 32), picture(2, 32, 32), picture(3, 32, 32)]

  it.each([{ update: 1 }, { interval: 1 }, { update: 1, interval: 3 }])('%o: is the plain encoder', async (options) => {
    const views = await encoded(method(options), frames)
    for (const [at, view] of views.entries())
      expect(largestDifference(view.embeds.data, await dense(frames[at]))).toBeLessThan(1e-5)
  })

  it('of a frame like the last refreshed one changes nothing, whatever the share', async () => {
    for (const update of [0.1, 0.5]) {
      const views = await encoded(method({ update }), [frames[0], frames[0]])
      expect(largestDifference(views[1].embeds.data, await dense(frames[0]))).toBeLessThan(1e-5)
    }
  })

  it('comes nearer to the whole encoder than as many tokens at random, where one patch moved', async () => {
    const atRandom = (seed: number): Method =>
      compose({
        name: `at-random-${seed}`,
        needs: { frame: (frame) => ({ refresh: frame === 0, shares: { update: frame === 0 ? 1 : 0.25 } }) },
        see: {
          layer: (patches, next, at) => {
            const rng = Rng.from(seed, `layer ${at.layer}`)
            const likeness = (keys: Tensor) =>
              constant(
                Float64Array.from({ length: Number(keys.shape[1]) }, () => rng.float()),
                [1, keys.shape[1] as number],
              )
            return at.stream ? partlyAnew(patches, at, at.stream, likeness) : next(patches)
          },
        },
      })
    const scene = [frames[0], moved(frames[0], 5)]
    const whole = await dense(scene[1])
    const error = async (by: Method) => {
      const [, { embeds }] = await encoded(by, scene)
      return Math.sqrt(embeds.data.reduce((sum, value, at) => sum + (value - whole[at]) ** 2, 0))
    }
    const own = await error(method({ update: 0.25 }))
    expect(own).toBeGreaterThan(0)
    for (const seed of [1, 2, 3]) expect(own).toBeLessThan(await error(atRandom(seed)))
  })

  it('takes exactly the tokens whose keys changed', () => {
    const before = [1, 0, 0, 1, 1, 1, 2, -1, 0.5, 0.25]
    const keys = [...before]
    keys.splice(2, 2, 1, 0) // token 1
    keys.splice(6, 2, -1, 2) // token 3
    const likeness = cosine(constant(keys, [1, 5, 2]), constant(before, [1, 5, 2]))
    expect(numbers(mostChanged(likeness, constant([0, 0], [2], 'i64')))).toEqual([1, 3])
  })

  it('costs what the closed form says: 2 + rho (6 + 4 m + 4 T / C) of 8 + 4 m + 4 T / C', () => {
    const [T, C, m, rho, layers] = [257, 1024, 4, 0.25, 2]
    const config = tinyConfig(64)
    const vision = {
      ...config.vision_config,
      hidden_size: C,
      intermediate_size: m * C,
      num_hidden_layers: layers,
      image_size: 224,
      patch_size: 14,
      num_attention_heads: 16,
    }
    const architecture = llava.bind({ ...config, vision_config: vision })
    const stream = createCarrying()
    const by = method({ update: rho })
    const traced = traceVision(architecture, by, { width: 224, height: 224 }, createScope(), { stream })
    const flops = (count: number) => countCost([traced.states], { 'count.update': count }).flops
    const perUnit = 2 * T * C * C * layers
    const saved = (flops(T) - flops(Math.floor(rho * T))) / perUnit / (1 - Math.floor(rho * T) / T)
    const closed = (6 + 4 * m + (4 * T) / C) / 2
    expect(saved / closed).toBeGreaterThan(0.98)
    expect(saved / closed).toBeLessThan(1.02)
    expect(Object.keys(carriedOutputs(stream, by))).toHaveLength(4 * layers + 1)
  })

  it('leaves pictures that are no stream to the encoder as it is', async () => {
    const alone = await tiny.model.encode(frames[0], method({}))
    expect(alone.views[0].embeds.data).toEqual(await dense(frames[0]))
  })
})

describe('pruner', () => {
  it('g falls from 5 at 0 to 1.9068 at 1, and on', () => {
    const g = numbers(gaussians(constant([0, 0.1, 1, 2, 4], [5])))
    expect(g[0]).toBeCloseTo(5, 6)
    expect(g[2]).toBeCloseTo(Math.exp(-4) + Math.exp(-2) + Math.exp(-1) + Math.exp(-0.5) + Math.exp(-0.25), 6)
    for (let at = 1; at < g.length; at++) expect(g[at]).toBeLessThan(g[at - 1])
  })

  it.each(['gaussian', 'dual'])('%s: keeps so many tokens of each frame, in raster order', async (score) => {
    for (const history of ['aligned', 'released']) {
      const views = await encoded(
        method({ tokens: 5, score, history }),
        [1, 2, 3].map((seed) => picture(seed, 32, 32)),
      )
      for (const { embeds, owner } of views) {
        expect(embeds.dims[0]).toBe(5)
        expect(owner.filter((token) => token >= 0)).toEqual([0, 1, 2, 3, 4])
      }
    }
  })

  it('of as many tokens as there are keeps all as they are', async () => {
    const [view] = await encoded(method({ tokens: PATCHES, interval: 1 }), [picture(4, 32, 32)])
    expect(view.owner).toEqual(Array.from({ length: PATCHES }, (_, at) => at))
  })

  it('knows what came before: a frame is pruned otherwise in a stream than alone, and alike in two streams', async () => {
    const by = method({ tokens: 4, interval: 1 })
    const owners = async (seeds: readonly number[]) =>
      (
        await encoded(
          by,
          seeds.map((seed) => picture(seed, 32, 32)),
        )
      ).map(({ owner }) => owner.join())
    const alone = await Promise.all([11, 12, 13, 14].map(async (seed) => (await owners([seed]))[0]))
    const inStream = await owners([11, 12, 13, 14])
    expect(inStream[0]).toBe(alone[0])
    expect(inStream.slice(1)).not.toEqual(alone.slice(1))
    expect(await owners([11, 12, 13, 14])).toEqual(inStream)
  })
})

describe('stc in a stream', () => {
  it('answers with the retrieval of ReKV behind it', async () => {
    const stream = await tiny.model.watch({ method: parseMethod('stc:tokens=6+rekv:frames=2,local=40') })
    for (const seed of [1, 2, 3, 4]) expect(await stream.see(picture(seed))).toMatchObject({ tokens: 6 })
    const [first, again] = [
      await stream.ask('what is red?', { maxTokens: 4 }),
      await stream.ask('what is red?', { maxTokens: 4 }),
    ]
    expect(first.tokens.visual).toMatchObject({ before: 4 * PATCHES, after: 24, last: 12 })
    expect(again.text).toBe(first.text)
    await stream.close()
  })

  it('says of each frame how much like the one before it is', async () => {
    const stream = await tiny.model.watch({ method: method({ tokens: 6, update: 1 }) })
    const alike: number[] = []
    const [one, other] = [picture(1, 32, 32), picture(2, 32, 32)]
    for (const frame of [one, one, moved(one, 5), other])
      alike.push((await stream.see(frame)).signals!['stc.similarity'])
    await stream.close()
    expect(alike[0]).toBe(0)
    expect(alike[1]).toBeCloseTo(1, 4)
    expect(alike[2]).toBeLessThan(alike[1])
    expect(alike[3]).toBeLessThan(alike[2])
  })

  it('costs less on frames between refreshes', async () => {
    const stream = await tiny.model.watch({ method: method({}) })
    const costs = []
    for (const seed of [1, 2, 3, 4]) costs.push((await stream.see(picture(seed))).flops.vision)
    expect(costs[1]).toBeLessThan(costs[0])
    expect([costs[2], costs[3]]).toEqual([costs[0], costs[1]])
    await stream.close()
  })
})

describe('carrying', () => {
  const reading = (places: Method['see']): Method => ({ name: 'reading', see: places })

  it('refuses to read what no frame leaves, and values of another shape', async () => {
    const nothing = reading({
      tokens: (tokens, { stream }) => {
        const before = stream?.carried('past', [4])
        return before ? { ...tokens, memory: { ...tokens.memory, before } } : tokens
      },
    })
    const see = (by: Method) => tiny.model.prepare(picture(1), { method: by, stream: { key: 'refused', frame: 0 } })
    await expect(tiny.model.encodePictures([await see(nothing)])).rejects.toThrow(
      'reading reads past of the frame before, but no method leaves that',
    )
    const other: Method = {
      name: 'other',
      see: {
        tokens: (tokens, { stream }) => {
          stream?.carried('past', [4])
          stream?.carry('past', constant([1, 2], [2]))
          return tokens
        },
      },
    }
    await expect(tiny.model.encodePictures([await see(other)])).rejects.toMatchObject({ code: 'method_unfit' })
  })
})
