import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../../src/nn/index.ts'
import { depthsOf, insertions } from '../../../src/papers/connector/vision-remember.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { LayerSite, Method, Stage } from '../../../src/pipeline/method/method.ts'
import type { Sequence } from '../../../src/pipeline/method/sequence.ts'
import { countCost } from '../../../src/runtime/program.ts'
import { constant, input } from '../../../src/tensor/index.ts'
import { isLora } from '../../../src/training/lora.ts'
import { PATCHES, picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { pictureChunk, runChunks } from '../read-side.ts'
import { numbersIn, sequenceOf, siteOf } from '../site.ts'
import { trainTiny } from '../trained.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const WIDTH = 4

/** Memory of `side` x `side` patches that went into 2 x 2 tokens, or into as many as there are. */
function memoryOf(features: readonly number[], owners: readonly number[]): number[] {
  const tokens = Math.max(...owners) + 1
  return owners.flatMap((owner, at) => [
    ...features.slice(at * WIDTH, (at + 1) * WIDTH),
    at === 0 ? 1 : 0,
    tokens,
    owner,
  ])
}

const SQUARES = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]
const wave = (length: number, by = 1) => Array.from({ length }, (_, at) => Math.sin(by * (at + 1)))

/** States of four visual tokens between two of text after a layer that does nothing, by the values of the memory. */
function lookBack(features: readonly number[], { owners = SQUARES, pool = 2, keys = 1 } = {}): number[] {
  const tokens = Math.max(...owners) + 1
  const length = tokens + 2
  const { layer } = parseMethod(`vision-remember:layers=1,pool=${pool}`).read!
  const memory = { remembered: constant(memoryOf(features, owners), [1, owners.length, WIDTH + 3]) }
  const architecture = { language: { layers: 2, hiddenSize: 2 * WIDTH } }
  const site = siteOf(architecture, { memory, p: createScope() })
  const slots = Array.from({ length: tokens }, (_, at) => at + 1)
  const seq = sequenceOf({ visual: [slots], states: wave(length * 2 * WIDTH, 0.7), length })
  const done = (layer as Stage<Sequence, Sequence, LayerSite>)(seq, (seq) => seq, site)
  const weights = [...site.p.parameters].map(([name, { shape }]) => {
    const numbers = wave(
      shape.map(Number).reduce((a, b) => a * b, 1),
      name.includes('k_proj') ? keys : 1.3,
    )
    return [name, numbers] as const
  })
  return numbersIn([done.states], site.p, Object.fromEntries(weights))[0]
}

const slotsThatDiffer = (a: readonly number[], b: readonly number[]) => {
  const slots = a.flatMap((value, at) => (value !== b[at] ? [Math.floor(at / (2 * WIDTH))] : []))
  return [...new Set(slots)]
}

describe('looking back', () => {
  const features = wave(16 * WIDTH)

  it('changes visual rows only', () => {
    const before = wave(6 * 2 * WIDTH, 0.7)
    expect(slotsThatDiffer(lookBack(features), before)).toEqual([1, 2, 3, 4])
  })

  it.each([
    [0, 1],
    [3, 2],
    [14, 4],
  ])('at patch %s reaches slot %s alone', (patch, slot) => {
    const other = features.map((value, at) => (Math.floor(at / WIDTH) === patch ? -value : value))
    expect(slotsThatDiffer(lookBack(features), lookBack(other))).toEqual([slot])
  })

  it('is the value itself where a token is one patch: keys do not matter', () => {
    const one = { owners: [0, 1, 2, 3], pool: 1 }
    expect(lookBack(features, { ...one, keys: 5 })).toEqual(lookBack(features, one))
    expect(lookBack(features, { keys: 5 })).not.toEqual(lookBack(features))
  })

  it('leaves a token that no patch went into with what it knows', () => {
    const owners = [0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 3, 3, 2, 2, 3, 3]
    const other = features.map((value) => -value)
    expect(slotsThatDiffer(lookBack(features, { owners }), lookBack(other, { owners }))).toEqual([1, 3, 4])
  })
})

describe('Vision Remember', () => {
  const method = (text: string, untrained = false): Method =>
    withRandomAdapter(tiny.model.parts.architecture, parseMethod(text), { untrained })

  it('is the base model bit by bit at its start', async () => {
    const { logits } = await prefill(tiny.model)
    const start = await prefill(tiny.model, { method: method('vision-remember:pool=1', true) })
    expect(start.logits).toEqual(logits)
    const trained = await prefill(tiny.model, { method: method('vision-remember:pool=1,levels=2') })
    expect(trained.logits).not.toEqual(logits)
  })

  it('pools before the connector, and goes with methods that choose tokens', async () => {
    expect((await prefill(tiny.model, { method: method('vision-remember') })).chunk.visual.dims[0]).toBe(PATCHES / 4)
    const chosen = method('vision-remember:pool=1+fastv:layer=3,keep=.5')
    const { kept, logits } = await prefill(tiny.model, { method: chosen })
    expect(kept).toHaveLength(8)
    expect(logits.every(Number.isFinite)).toBe(true)
  })

  it('lets tokens of a view meet first when asked to', async () => {
    const images = [picture(1), picture(2)]
    const both = method('vision-remember:bidirectional,layers=1')
    const chunk = await pictureChunk(tiny.model, both, images, [21, 40])
    const [{ logits }] = await runChunks(tiny.model, both, [chunk])
    const plain = method('vision-remember:layers=1')
    expect(logits).not.toEqual((await runChunks(tiny.model, plain, [chunk]))[0].logits)
  })

  it('runs after evenly spaced layers of the first half, on depths 23, 18 and 13 of 24', () => {
    expect(insertions(24, 3)).toEqual([3, 7, 11])
    expect(insertions(32, 3)).toEqual([4, 9, 15])
    expect(insertions(4, 3)).toEqual([0, 1])
    expect(insertions(1, 3)).toEqual([0])
    expect(depthsOf(24, 3)).toEqual([22, 17, 12])
    expect(depthsOf(1, 3)).toEqual([0])
  })

  it('costs in proportion to the patches', () => {
    const flops = (patches: number) => {
      const { layer } = parseMethod('vision-remember:layers=1').read!
      const width = 64
      const memory = { remembered: input('memory', [1, patches, width + 3]) }
      const site = siteOf({ language: { layers: 2, hiddenSize: 2 * width } }, { memory, p: createScope() })
      const tokens = patches / 4
      const seq = sequenceOf({
        visual: [Array.from({ length: tokens }, (_, at) => at)],
        states: new Array(tokens * 2 * width).fill(0),
        length: tokens,
      })
      const done = (layer as Stage<Sequence, Sequence, LayerSite>)(seq, (seq) => seq, site)
      return countCost([done.states], { 'region.0': 4 }).flops
    }
    expect(flops(1024) / flops(256)).toBeCloseTo(4, 1)
  })

  it('refuses methods that change the tokens after it', async () => {
    expect(() => method('vision-remember+random')).toThrow(
      expect.objectContaining({
        code: 'method_unfit',
        message: 'random changes the visual tokens, but vision-remember before it relies on them; use one of the two',
      }),
    )
    expect((await prefill(tiny.model, { method: dense })).kept).toHaveLength(PATCHES)
  })
})

describe('the recipe', () => {
  it('trains modules and projector, then the language model too, from depths of the encoder that were kept', async () => {
    const run = await trainTiny('vision-remember:bidirectional', ['align', 'tune'])
    expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
    expect(run.unreached).toEqual({ align: [], tune: [] })
    const [align, tune] = [run.trained.align, run.trained.tune]
    expect(align).toContain('method.vision-remember.levels.weight')
    expect(align).toContain('multi_modal_projector.linear_1.weight')
    expect(tune.filter((name) => !align.includes(name)).every(isLora)).toBe(true)
    expect(run.visual).toBe(PATCHES / 4)
    expect(run.text).not.toBe('')
  })
})
