import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { changedLayers } from '../../../src/papers/connector/vlora.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Method, ReadSide } from '../../../src/pipeline/method/method.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { countCost } from '../../../src/runtime/program.ts'
import { add, constant, matmul, type Tensor, transpose } from '../../../src/tensor/index.ts'
import { isLora } from '../../../src/training/lora.ts'
import {
  LAYERS,
  largestDifference,
  PATCHES,
  picture,
  prefill,
  type Tiny,
  tinyConfig,
  tinyModel,
} from '../../pipeline/tiny-model.ts'
import { ownLeaves, withRandomAdapter } from '../random-adapter.ts'
import { batchLogits, ownGradients, pictureChunk, runChunks, textChunk } from '../read-side.ts'
import { numbersIn, siteOf } from '../site.ts'
import { trainTiny } from '../trained.ts'

let tiny: Tiny
const backend = new NodeBackend()
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const SMALL = 'vlora:rank=4,alpha=4,depth=2,skip=2,lora=0'
const method = (text: string, untrained = false): Method =>
  withRandomAdapter(tiny.model.parts.architecture, parseMethod(text), { untrained })
const question = [21, 40, 33]
const promptOf = (own: Method, images = [picture()]) => pictureChunk(tiny.model, own, images, question)

type LinearStage = NonNullable<ReadSide['linear']>

describe('a changed linear layer', () => {
  /** y for x, W, A (r rows) and B of a model of one head, where the layer lies in layer `layer`. */
  function changed(x: Tensor, W: Tensor, rows: Tensor, B: readonly number[], rank: number, projection = 'q') {
    const [out, width] = W.shape as [number, number]
    const { linear } = parseMethod(`vlora:types=${projection},rank=${rank},alpha=${rank},skip=2,lora=0`).read!
    const architecture = { language: { layers: 2, hiddenSize: width, heads: { count: 1, keyValue: 1, width: out } } }
    const site = siteOf(architecture, { memory: { [`lora.${projection}`]: rows } })
    const at = { ...site, weight: `model.layers.1.self_attn.${projection}_proj.weight`, out }
    const y = (linear as LinearStage)(x, (x) => matmul(x, transpose(W)), at)
    return numbersIn([y], site.p, { [`vlora.${projection}.0.B`]: B })[0]
  }

  it('is the worked example: x = (1, 1), A = (1, 2), B = (3, 4) give (10, 13)', () => {
    const one = constant([1, 0, 0, 1], [2, 2])
    expect(changed(constant([1, 1], [1, 1, 2]), one, constant([1, 2], [1, 1, 2]), [3, 4], 1)).toEqual([10, 13])
  })

  it.each(['q', 'k', 'v', 'o'])('%s: two steps are W + B A^T at once', (projection) => {
    const wave = (shape: number[], by: number) =>
      constant(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => Math.sin(by * (at + 1))),
        shape,
      )
    const [x, W, A] = [wave([1, 5, 6], 1), wave([4, 6], 2), wave([1, 3, 6], 3)]
    const B = Array.from({ length: 12 }, (_, at) => Math.cos(at))
    const merged = add(W, matmul(constant(B, [4, 3]), wave([3, 6], 3)))
    const [expected] = numbersIn([matmul(x, transpose(merged))])
    expect(largestDifference(changed(x, W, A, B, 3, projection), expected)).toBeLessThan(1e-9)
  })

  it('takes the mean of several pictures, and stays as it is without any', () => {
    const one = constant([1, 0, 0, 1], [2, 2])
    const x = constant([1, 1], [1, 1, 2])
    expect(changed(x, one, constant([1, 2, 3, 0], [1, 2, 2]), [3, 4], 1)).toEqual([10, 13])
    expect(changed(x, one, constant([1, 2, 0, 0], [1, 2, 2]), [3, 4], 1)).toEqual([5.5, 7])
    expect(changed(x, one, constant([], [1, 0, 2]), [3, 4], 1)).toEqual([1, 1])
  })
})

describe('VLoRA', () => {
  it('changes every fourth layer of 32 and every second of 6', () => {
    const of = (layers: number, skip: number) => changedLayers({ language: { layers } } as never, skip)
    expect(of(32, 4)).toEqual([3, 7, 11, 15, 19, 23, 27, 31])
    expect(of(6, 2)).toEqual([1, 3, 5])
  })

  it('is the model of the text alone, bit by bit, while B is 0', async () => {
    const start = method(`${SMALL},width=.75`, true)
    const { logits, chunk } = await prefill(tiny.model, { method: start })
    expect(chunk.visual.dims).toEqual([0, 32])
    const plain = { ...chunk, memory: undefined }
    expect(logits).toEqual((await runChunks(tiny.model, dense, [plain]))[0].logits)
    const trained = await prefill(tiny.model, { method: method(`${SMALL},width=.5`) })
    expect(trained.logits).not.toEqual(logits)
  })

  it('hears of a picture, and of another one something else', async () => {
    const own = method(SMALL)
    const [first, second] = [await promptOf(own), await promptOf(own, [picture(2)])]
    expect(first.order).toEqual(second.order)
    const [a, b] = await Promise.all([first, second].map((chunk) => runChunks(tiny.model, own, [chunk])))
    expect(largestDifference(a[0].logits, b[0].logits)).toBeGreaterThan(1e-4)
  })

  it('computes a row of a batch whose A is 0 as that text alone', async () => {
    const own = method(SMALL)
    const chunk = await promptOf(own)
    const memory = Object.entries(chunk.memory!).map(([name, { dims, data }]) => {
      return [name, f32(dims, new Float32Array(data.length))] as const
    })
    const blind = { ...chunk, memory: Object.fromEntries(memory) }
    const [seeing, alone] = await batchLogits(backend, tiny.model, own, [chunk, blind])
    const text = textChunk(tiny.model, question, { ...chunk, end: 0 })
    expect(largestDifference(alone, (await runChunks(tiny.model, dense, [text]))[0].logits)).toBeLessThan(1e-5)
    expect(largestDifference(seeing, alone)).toBeGreaterThan(1e-4)
  })

  it('decodes from its cache what the whole sequence gives', async () => {
    const own = method(SMALL)
    const chunks = [await promptOf(own)]
    for (const id of [31, 62]) chunks.push(textChunk(tiny.model, [id], chunks.at(-1)!))
    const [whole] = await runChunks(tiny.model, own, [
      await pictureChunk(tiny.model, own, [picture()], [...question, 31, 62]),
    ])
    const stepwise = (await runChunks(tiny.model, own, chunks)).at(-1)!
    expect(largestDifference(stepwise.logits, whole.logits)).toBeLessThan(1e-4)
  })

  it('costs the same prefill for every size of image, and hardly more than text', () => {
    const { text_config, ...rest } = tinyConfig(1000)
    const architecture = llava.bind({
      ...rest,
      text_config: { ...text_config, hidden_size: 1024, intermediate_size: 2752 },
    })
    const flops = (text: string, visual: number) => {
      const past = Object.fromEntries([0, 1, 2, 3].map((layer) => [`past${layer}`, 0]))
      const rows = Object.fromEntries([...'qkvom'].map((type) => [`memory.lora.${type}`, 4]))
      const { outputs } = traceLanguage(architecture, parseMethod(text))
      return countCost(Object.values(outputs), { text: 32, visual, answer: 0, asked: 1, ...past, ...rows }).flops
    }
    const own = 'vlora:rank=4,depth=1,lora=0'
    expect(flops(own, 0) / flops('dense', 0)).toBeLessThan(1.02)
    expect(flops('dense', 576) / flops(own, 0)).toBeGreaterThan(15)
  })

  it('lets gradients reach B alone at first, and the generator from then on', async () => {
    const isB = (name: string) => name.endsWith('.B')
    const first = await ownGradients(backend, tiny.model, method(`${SMALL},types=vm`, true))
    for (const [name, gradient] of first)
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(isB(name))
    const later = await ownGradients(backend, tiny.model, method(`${SMALL},types=vm`))
    for (const [name, gradient] of later)
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(true)
    expect([...later.keys()].every((name) => name.startsWith('method.vlora.'))).toBe(true)
  })

  it('gives B the width of its layer, with grouped keys and all', () => {
    const leaves = ownLeaves(tiny.model.parts.architecture, parseMethod(SMALL))
    const shapes = Object.fromEntries(leaves.map(({ name, shape }) => [name, shape]))
    expect(shapes['method.vlora.q.0.B']).toEqual([32, 4])
    expect(shapes['method.vlora.k.1.B']).toEqual([16, 4])
    expect(shapes['method.vlora.m.1.B']).toEqual([32, 4])
    expect(Object.keys(shapes).filter((name) => name.endsWith('.B'))).toHaveLength(5 * (LAYERS / 2))
  })

  it('says where a model is too small for it, and leaves nothing for reducers', async () => {
    expect(() => method('vlora:skip=5')).toThrow(
      expect.objectContaining({
        code: 'method_unfit',
        message: 'vlora changes the last of each 5 layers, this model has 4; use vlora:skip=4 or less',
      }),
    )
    const { kept } = await tiny.model.generate({
      prompt: 'is there a star?',
      images: [picture()],
      method: method(SMALL),
      maxTokens: 1,
    })
    expect(kept).toEqual([new Array(PATCHES).fill(0)])
  })
})

describe('the recipe', () => {
  it('trains the generators, then the language model too', async () => {
    const run = await trainTiny('vlora:types=vm,rank=4,alpha=4,depth=1,skip=2', ['align', 'tune'])
    expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
    expect(run.unreached).toEqual({ align: [], tune: [] })
    expect(run.trained.align.every((name) => name.startsWith('method.vlora.') && !isLora(name))).toBe(true)
    expect(run.trained.tune.some(isLora)).toBe(true)
    expect(run.visual).toBe(0)
    expect(run.text).not.toBe('')
  })
})
