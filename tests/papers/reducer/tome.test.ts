import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { matched, merged } from '../../../src/papers/reducer/tome.ts'
import { traceVision } from '../../../src/pipeline/flow/trace-vision.ts'
import { countCost } from '../../../src/runtime/index.ts'
import { constant } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { angle, numbers, rowsOf } from '../../pipeline/frames-of.ts'
import { PATCHES, picture, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'

/** CLS and four tokens: 2 is like 1, 4 is like 3 but less so. */
const five = [angle(200), angle(0), angle(20), angle(90), angle(120)]
const metric = constant(five.flat(), [1, 5, 2])

describe('matching', () => {
  it('is the example by hand: 2 goes into 1, order [CLS, 4, (1 + 2) / 2, 3]', () => {
    const pairs = matched(metric, 1, 1)
    expect([numbers(pairs.stay), numbers(pairs.go), numbers(pairs.into)]).toEqual([[0, 2], [1], [0]])
    const x = constant([0, 10, 20, 30, 40], [1, 5, 1])
    expect(rowsOf(merged(x, pairs)).flat()).toEqual([0, 40, 15, 30])
  })

  it('never merges CLS, however alike it is', () => {
    const alike = constant([angle(0), angle(0), angle(40), angle(90), angle(120)].flat(), [1, 5, 2])
    expect(numbers(matched(alike, 2, 1).go)).not.toContain(0)
    expect(numbers(matched(alike, 2, 0).go)).toContain(0)
  })

  it('conserves what tokens hold where sizes count', () => {
    const rng = Rng.from(1, 'tome')
    const [n, d] = [9, 3]
    const values = Array.from({ length: n * d }, () => rng.normal())
    const sizes = Array.from({ length: n }, () => rng.int(1, 5))
    const [x, s] = [constant(values, [1, n, d]), constant(sizes, [1, n, 1])]
    const pairs = matched(x, 3, 1)
    const [rows, held] = [rowsOf(merged(x, pairs, s)), sizes.reduce((a, b) => a + b)]
    const unmerged = sizes.filter((_, at) => at % 2 === 0)
    const own = numbers(pairs.stay).map((at) => unmerged[at])
    const ofB = sizes.filter((_, at) => at % 2 === 1)
    for (const [at, into] of numbers(pairs.into).entries()) ofB[into] += unmerged[numbers(pairs.go)[at]]
    const after = [...own, ...ofB]
    expect(after.reduce((a, b) => a + b)).toBe(held)
    for (let c = 0; c < d; c++) {
      const before = sizes.reduce((sum, size, at) => sum + size * values[at * d + c], 0)
      expect(rows.reduce((sum, row, at) => sum + after[at] * row[c], 0)).toBeCloseTo(before, 4)
    }
  })
})

describe('tome', () => {
  let tiny: Tiny
  beforeAll(async () => {
    tiny = await tinyModel()
  })
  afterAll(() => tiny.close())
  const encoded = async (text: string) => (await tiny.model.encode(picture(1), parseMethod(text))).views[0]

  it('is the encoder as it is where r = 0, bit for bit', async () => {
    expect((await encoded('tome:r=0')).embeds).toEqual((await encoded('dense')).embeds)
  })

  it.each([true, false])(
    'sizes=%s: has r tokens fewer after each of three layers, every patch part of one',
    async (sizes) => {
      const { embeds, owner } = await encoded(`tome:r=3,sizes=${sizes}`)
      expect(embeds.dims[0]).toBe(PATCHES - 9)
      expect(owner).toHaveLength(PATCHES)
      expect(new Set(owner)).toEqual(new Set(Array(PATCHES - 9).keys()))
    },
  )

  it('merges more or less in later layers, half of the patches at most', async () => {
    expect((await encoded('tome:r=1,step=1')).embeds.dims[0]).toBe(PATCHES - 6)
    expect((await encoded('tome:r=2,step=-1')).embeds.dims[0]).toBe(PATCHES - 3)
    expect((await encoded('tome:r=100')).embeds.dims[0]).toBe(2) // 16, 8, 4, 2
  })

  it('counts sizes: attention and means are others from the second layer on', async () => {
    const [sized, plain] = [await encoded('tome:r=4'), await encoded('tome:r=4,sizes=false')]
    expect([...sized.embeds.data]).not.toEqual([...plain.embeds.data])
  })

  it('leaves 208 of 576 patches at the 23rd of the layers of CLIP-L/14-336, whose later layers cost less', () => {
    const vision_config = {
      ...tinyConfig(64).vision_config,
      hidden_size: 64,
      intermediate_size: 256,
      num_hidden_layers: 24,
      image_size: 336,
      patch_size: 14,
    }
    const architecture = llava.bind({ ...tinyConfig(64), vision_config, vision_feature_layer: -2 })
    const trace = (text: string) => traceVision(architecture, parseMethod(text), { width: 336, height: 336 })
    const [own, less] = [trace('dense'), trace('tome')]
    expect([own.states.shape[1], less.states.shape[1]]).toEqual([576, 208])
    expect(countCost([less.states], {}).flops).toBeLessThan(0.75 * countCost([own.states], {}).flops)
  })

  it('answers on CLIP and SigLIP, alone and in packed pictures; refuses encoders that cannot run a layer in part', async () => {
    const load = (name: string) =>
      loadModel(fileURLToPath(new URL(`../../fixtures/families/${name}`, import.meta.url)), { threads: 1 })
    for (const family of ['llava-siglip', 'llava-next', 'paligemma']) {
      const model = await load(family)
      const reply = await model.generate({
        prompt: 'what?',
        images: [picture(1)],
        method: parseMethod('tome:r=1'),
        maxTokens: 2,
      })
      expect(reply.tokens.visual.after).toBeLessThan(reply.tokens.visual.before)
      expect(reply.kept[0].every((bit) => bit === 1)).toBe(true)
      await model.dispose()
    }
    const qwen = await load('qwen2-vl')
    await expect(qwen.encode(picture(1, 56, 56), parseMethod('tome'))).rejects.toThrow(
      'tome merges tokens within an encoder layer, the encoder of qwen2_vl cannot; use a CLIP or SigLIP',
    )
    await qwen.dispose()
  })
})
