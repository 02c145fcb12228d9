import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Asked } from '../../../src/models/language/sequence.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { headMask, tauFor } from '../../../src/papers/compute/yopo/calibrate.ts'
import { calibration, headRatios } from '../../../src/papers/compute/yopo/head-ratios.ts'
import { keptHeads, partOfHeads } from '../../../src/papers/compute/yopo/skipped-heads.ts'
import { visualShare } from '../../../src/papers/compute/yopo.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Method, PartSite, Stage } from '../../../src/pipeline/method/method.ts'
import { withAdapter } from '../../../src/pipeline/method/own-weights.ts'
import { writeRows } from '../../../src/pipeline/method/rows.ts'
import { visualStates } from '../../../src/pipeline/method/sequence.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { countCost } from '../../../src/runtime/program.ts'
import { constant, mul, sin, type Tensor } from '../../../src/tensor/index.ts'
import { LAYERS, largestDifference, picture, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'
import { adapterOf, withRandomAdapter } from '../random-adapter.ts'
import { batchLogits, pictureChunk, runChunks } from '../read-side.ts'
import { numbersIn, sequenceOf, siteOf } from '../site.ts'

let tiny: Tiny
const backend = new NodeBackend()
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const question = [21, 40, 33]
const untrained = (text: string): Method =>
  withRandomAdapter(tiny.model.parts.architecture, parseMethod(text), { untrained: true })
const promptOf = (method: Method, seed = 1) => pictureChunk(tiny.model, method, [picture(seed)], question)
const logitsOf = async (method: Method) => (await runChunks(tiny.model, method, [await promptOf(method)]))[0].logits

const NOTHING = 'window=0,ratio=1,cut=1'

/** A view of side x side tokens and one text token before and after it. */
function viewOf(side: number) {
  const count = side ** 2
  const slots = Array.from({ length: count }, (_, at) => at)
  const around = (of: (at: number) => number) => [[-1, ...slots.map(of), -1]]
  return sequenceOf({
    visual: [slots.map((at) => at + 1)],
    states: new Array(count + 2).fill(0),
    length: count + 2,
    tags: { view: around(() => 0), row: around((at) => Math.floor(at / side)), column: around((at) => at % side) },
  })
}

/** What the method makes of an attention over a view, and the weights that it asks for. */
function askedOf(options: string, side = 24, layer = 0) {
  const input = viewOf(side)
  const { attention } = parseMethod(`yopo:lora=0,${options}`).read!
  const architecture = { language: { layers: 4, heads: { count: 2 } } }
  const site = siteOf(architecture, { layer })
  const plain: Asked = { q: input.states, k: input.states, v: input.states, input, isRotary: true }
  let seen = plain
  const next = (asked: Asked): Tensor => {
    seen = asked
    return constant(new Float32Array(2 * (side ** 2 + 2)).fill(1), [1, side ** 2 + 2, 2])
  }
  const mixed = (attention as Stage<Asked, Tensor, PartSite>)(plain, next, { ...site, input })
  return { seen, mixed, p: site.p }
}

describe('neighbours', () => {
  it('are 9 of a corner, 15 of an edge, 25 inside, 12 996 pairs of 24 x 24 in all', () => {
    const { seen } = askedOf('window=5,heads=false')
    const [mask, reveal] = numbersIn([seen.mask!, seen.reveal!])
    const length = 24 ** 2 + 2
    const of = (row: number, column: number) => {
      const start = (1 + row * 24 + column) * length
      return mask.slice(start + 1, start + 1 + 24 ** 2).filter((value) => value === 0).length
    }
    expect([of(0, 0), of(0, 12), of(12, 12)]).toEqual([9, 15, 25])
    expect(reveal.reduce((a, b) => a + b, 0)).toBe(12996)
    const hidden = mask.filter((value) => value < 0).length
    expect(hidden).toBe(576 ** 2 - 12996)
    expect(mask.slice(0, length).every((value) => value === 0)).toBe(true) // text sees what it saw
  })

  it('come later too, unless causal', () => {
    expect(askedOf('window=3,heads=false', 4).seen.reveal).toBeDefined()
    expect(askedOf('window=3,heads=false,causal', 4).seen.reveal).toBeUndefined()
    expect(askedOf('window=0,heads=false', 4).seen).not.toHaveProperty('mask')
  })
})

describe('heads', () => {
  it('that are dropped lose the mass of visual columns, without renormalising, and the rows of visual tokens', () => {
    const { seen, mixed, p } = askedOf('window=0,dropped=mask', 1)
    const weights = constant([0.2, 0.6, 0.2, 0.2, 0.6, 0.2], [1, 2, 1, 3])
    const [weighed, rows] = numbersIn([seen.weigh!(weights), mixed], p, { 'yopo.layers.0.heads': [1, 0] })
    expect(weighed).toEqual([0.2, 0.6, 0.2, 0.2, 0, 0.2])
    expect(rows).toEqual([1, 1, 1, 0, 1, 1])
  })

  it('weigh visual columns 0 after the cut, where they are not dropped', () => {
    const { seen } = askedOf('heads=false,after=mask,window=0,cut=.5', 1, 2)
    expect(numbersIn([seen.weigh!(constant([0.5, 0.3, 0.2], [1, 1, 1, 3]))])).toEqual([[0.5, 0, 0.2]])
    expect(askedOf('heads=false,after=mask,window=0,cut=.5', 1, 1).seen.weigh).toBeUndefined()
  })

  it('are chosen by how much they look at images', () => {
    const seq = sequenceOf({ visual: [[0]], states: [0, 0], length: 2, tags: { view: [[0, -1]] } })
    const ones = constant([1, 1], [1, 1, 2, 1])
    const keys = constant([Math.log(0.05), Math.log(0.95)], [1, 1, 2, 1])
    const bias = constant([0, 0, 0, 0], [1, 1, 2, 2])
    const layer = { input: seq, queries: ones, keys, values: keys, allKeys: keys, bias, output: seq.states }
    const [[rho]] = numbersIn([headRatios(layer)])
    expect(rho).toBeCloseTo(0.0526, 4)
    const samples = [[[0], [0], [rho]]]
    expect(headMask(samples, 0.035)).toEqual([[1], [1], [1]])
    expect(headMask(samples, 0.077)).toEqual([[1], [1], [0]])
  })

  it('need more than 40 of 100 votes', () => {
    const samples = (votes: number) => Array.from({ length: 100 }, (_, at) => [[0], [0], [at < votes ? 1 : 0]])
    expect(headMask(samples(40), 0.5)[2]).toEqual([0])
    expect(headMask(samples(41), 0.5)[2]).toEqual([1])
  })

  it('are as many as a share asks for, those that look at images most', () => {
    const samples = Array.from({ length: 10 }, (_, sample) => [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0.1, 0.2, 0.3, 0.4].map((rho) => rho + sample / 100),
    ])
    for (const [kept, expected] of [
      [0, [0, 0, 0, 0]],
      [0.5, [0, 0, 1, 1]],
      [0.75, [0, 1, 1, 1]],
      [1, [1, 1, 1, 1]],
    ] as const)
      expect(headMask(samples, tauFor(samples, kept))[2]).toEqual(expected)
  })

  it('are judged without the rows that fill a batch up', () => {
    const rhoOf = (segment?: number[][]) => {
      const seq = sequenceOf({ visual: [[0]], states: [0, 0, 0], length: 3, tags: { view: [[0, -1, -1]] } })
      const input = segment ? { ...seq, tags: { ...seq.tags, segment: constant(segment.flat(), [1, 3], 'i64') } } : seq
      const ones = constant([1, 1, 1], [1, 1, 3, 1])
      const keys = constant([0, 0, 5], [1, 1, 3, 1])
      const bias = constant([0, 0, -1e9, 0, 0, -1e9, 0, 0, 0], [1, 1, 3, 3])
      return numbersIn([
        headRatios({ input, queries: ones, keys, values: keys, allKeys: keys, bias, output: seq.states }),
      ])[0][0]
    }
    expect(rhoOf([[0, 1, -1]])).toBeCloseTo(1, 5)
    expect(rhoOf()).toBeLessThan(0.6)
  })

  it('are calibrated on prompts, and their masks run as the weights of the method', async () => {
    const probe = compose(calibration)
    const samples: number[][][] = []
    for (const seed of [1, 2, 3]) {
      const [{ heads }] = await runChunks(tiny.model, probe, [await promptOf(probe, seed)])
      const { data, dims } = heads.ratios
      expect(dims).toEqual([LAYERS, 4])
      samples.push(
        Array.from({ length: LAYERS }, (_, layer) => Array.from(data.slice(layer * 4, layer * 4 + 4), Number)),
      )
    }
    const middle = samples[0].flat().toSorted((a, b) => a - b)[8]
    const masks = headMask(samples, middle)
    expect(new Set(masks.flat())).toEqual(new Set([0, 1]))
    const values = masks.map((mask, layer) => {
      return [`method.yopo.layers.${layer}.heads`, { shape: [4], data: Float32Array.from(mask) }] as const
    })
    const [part] = parseMethod('yopo:lora=0,window=0,ratio=1,cut=1').parts!
    const masked = compose(withAdapter(part, adapterOf(new Map(values))))
    expect(await logitsOf(masked)).not.toEqual(await logitsOf(dense))
  })
})

/** The method with masks of heads, [layers][heads]. */
function masked(options: string, masks: readonly (readonly number[])[]): Method {
  const values = masks.map((mask, layer) => {
    return [`method.yopo.layers.${layer}.heads`, { shape: [mask.length], data: Float32Array.from(mask) }] as const
  })
  const [part] = parseMethod(`yopo:lora=0,${options}`).parts!
  return compose(withAdapter(part, adapterOf(new Map(values))))
}

/** The same where masks are not known while it is traced, as in training: all heads are computed. */
function simulated(method: Method): Method {
  const [{ read, ...part }] = method.parts!
  const { linear: _linear, ...places } = read!
  return compose({ ...part, name: 'yopo:simulated', options: undefined, read: places })
}

describe('heads that are known to be dropped', () => {
  const MASKS = [
    [1, 1, 1, 1],
    [1, 0, 1, 1],
    [0, 0, 1, 1], // with the whole group of a key
    [0, 1, 0, 0],
  ]
  const ask = async (method: Method) => {
    let logits = new Float32Array()
    const onPrefill = (_: unknown, values: Float32Array) => {
      logits = values.slice()
    }
    const images = [picture(3)]
    const { text, flops } = await tiny.model.generate({ prompt: 'how many?', images, method, maxTokens: 6, onPrefill })
    return { logits, text, flops }
  }

  it.each(['skip', 'mask'])('are not computed for visual tokens, which changes no logits: %s', async (dropped) => {
    for (const rest of [NOTHING, 'window=3,ratio=2,cut=.75', 'window=3,cut=.5,after=mask']) {
      const known = masked(`${rest},dropped=${dropped}`, rest.includes('cut=.75') ? MASKS.slice(0, 3) : MASKS)
      const [skipping, computing] = [await ask(known), await ask(simulated(known))]
      expect(largestDifference(skipping.logits, computing.logits)).toBeLessThan(1e-5)
      expect(skipping.text).toBe(computing.text)
      expect(skipping.flops.prefill).toBeLessThan(computing.flops.prefill)
      expect(largestDifference(skipping.logits, (await ask(dense)).logits)).toBeGreaterThan(1e-3)
    }
  })

  it('leave the batch, and other methods around linear layers, as they were', async () => {
    const known = masked(`${NOTHING}`, MASKS)
    const chunks = [await promptOf(known, 1), await promptOf(known, 2)]
    const together = await batchLogits(backend, tiny.model, known, chunks)
    const scaled: Method = { name: 'scaled', read: { linear: (x, next) => mul(next(x), 1.01) } }
    const [both, apart] = [compose(...known.parts!, scaled), compose(...simulated(known).parts!, scaled)]
    for (const [at, chunk] of chunks.entries()) {
      const [alone] = await batchLogits(backend, tiny.model, simulated(known), [chunk])
      expect(largestDifference(together[at], alone)).toBeLessThan(1e-5)
    }
    expect(largestDifference(await logitsOf(both), await logitsOf(apart))).toBeLessThan(1e-5)
  })

  it('take whole groups of keys along, and parts of fused projections', () => {
    const heads = { count: 4, keyValue: 2, width: 2 }
    const of = (name: string, kept: readonly number[], keys = true) =>
      partOfHeads(`layers.0.self_attn.${name}.weight`, kept, heads, keys)
    expect(of('q_proj', [1, 3])).toEqual({ outputs: [2, 3, 6, 7] })
    expect(of('k_proj', [1, 3])).toBeUndefined()
    expect(of('k_proj', [2, 3])).toEqual({ outputs: [2, 3] })
    expect(of('k_proj', [2, 3], false)).toBeUndefined()
    expect(of('v_proj', [2, 3], false)).toEqual({ outputs: [2, 3] })
    expect(of('o_proj', [0])).toEqual({ inputs: [0, 1] })
    expect(of('qkv_proj', [2])).toEqual({ outputs: [4, 5, 10, 11, 14, 15] })
    expect(of('gate_proj', [0])).toBeUndefined()
  })

  it('are told from masks that weigh, keep all, or are not known', () => {
    expect(keptHeads(Float32Array.of(1, 0, 1))).toEqual([0, 2])
    expect(keptHeads(Float32Array.of(1, 1))).toBeUndefined()
    expect(keptHeads(Float32Array.of(1, 0.5))).toBeUndefined()
    expect(keptHeads(undefined)).toBeUndefined()
  })
})

describe('YOPO', () => {
  it('is the model itself, bit by bit, with nothing left out', async () => {
    expect(await logitsOf(parseMethod(`yopo:lora=0,${NOTHING},heads=false`))).toEqual(await logitsOf(dense))
    const chunk = await promptOf(dense)
    const [plain] = await batchLogits(backend, tiny.model, dense, [chunk])
    const all = untrained('yopo:lora=0,window=47,causal,ratio=1,cut=1')
    expect((await batchLogits(backend, tiny.model, all, [chunk]))[0]).toEqual(plain)
    const seen = untrained('yopo:lora=0,window=47,ratio=1,cut=1')
    expect((await batchLogits(backend, tiny.model, seen, [chunk]))[0]).not.toEqual(plain)
  })

  it('uses the first neurons for visual tokens and all of them for text', async () => {
    const chunk = await promptOf(dense)
    const isVisual = chunk.order.map((from) => from >= chunk.ids.length)
    const zeroed = Float32Array.from({ length: chunk.order.length * 64 }, (_, at) =>
      isVisual[Math.floor(at / 64)] && at % 64 >= 16 ? 0 : 1,
    )
    const simulated: Method = {
      name: 'simulated',
      read: {
        linear: (x, next, { weight }) =>
          weight.endsWith('down_proj.weight') ? next(mul(x, constant(zeroed, [1, chunk.order.length, 64]))) : next(x),
      },
    }
    const sliced = parseMethod('yopo:lora=0,window=0,cut=1,heads=false,ratio=4')
    const [expected] = await batchLogits(backend, tiny.model, compose(simulated), [chunk])
    const [{ logits }] = await runChunks(tiny.model, sliced, [chunk])
    expect(largestDifference(logits, expected)).toBeLessThan(1e-5)
    expect(largestDifference(logits, await logitsOf(dense))).toBeGreaterThan(1e-3)
  })

  it('passes the share of neurons on through other methods', async () => {
    const around: Method = { name: 'around', read: { feedForward: (x, next) => next(x) } }
    const sliced = parseMethod('yopo:lora=0,window=0,cut=1,heads=false,ratio=4')
    expect(await logitsOf(compose(around, ...sliced.parts!))).toEqual(await logitsOf(sliced))
    expect(await logitsOf(compose(...sliced.parts!, around))).toEqual(await logitsOf(sliced))
  })

  it('does without visual tokens after the cut, whatever they are', async () => {
    const noise: Method = {
      name: 'noise',
      read: {
        layer: {
          2: (seq, next) =>
            next({ ...seq, states: writeRows(seq.states, seq.visual, sin(mul(visualStates(seq), 99))) }),
        },
      },
    }
    const cut = untrained('yopo:lora=0,cut=.5')
    expect(await logitsOf(compose(noise, ...cut.parts!))).toEqual(await logitsOf(cut))
    const late = untrained('yopo:lora=0,cut=.75')
    expect(await logitsOf(compose(noise, ...late.parts!))).not.toEqual(await logitsOf(late))
    const [{ rows, chunk }] = await runs(cut)
    expect(rows).toEqual([0, 0, 16, 16].map((gone) => chunk.order.length - gone))
  })

  it('costs as little as the paper says', () => {
    const size = { d: 5120, I: 13824 }
    expect(visualShare(size, { cut: 0.5, heads: 0.75, ratio: 2 })).toBeCloseTo(0.291, 3)
    expect(visualShare(size, { cut: 0.5, heads: 0.5, ratio: 4 })).toBeCloseTo(0.166, 3)
    const { text_config, ...rest } = tinyConfig(1000)
    const sizes = { hidden_size: 640, intermediate_size: 1728, num_attention_heads: 8, num_key_value_heads: 8 }
    const architecture = llava.bind({ ...rest, text_config: { ...text_config, ...sizes } })
    const flops = (method: Method, visual: number) => {
      const bound = { text: 1, visual, answer: 0, asked: 1, past0: 0, past1: 0, past2: 0, past3: 0 }
      return countCost(Object.values(traceLanguage(architecture, method).outputs), bound).flops
    }
    const visual = (method: Method) => flops(method, 50) - flops(method, 0)
    const share = (method: Method) => visual(method) / visual(dense)
    const expected = (heads: number, ratio: number) => visualShare({ d: 640, I: 1728 }, { cut: 0.5, heads, ratio })
    const withoutMask = share(parseMethod('yopo:lora=0,heads=false,window=0'))
    expect(Math.abs(withoutMask - expected(1, 2))).toBeLessThan(0.02)
    const six = [1, 1, 0, 1, 1, 0, 1, 1]
    const four = [1, 0, 0, 1, 1, 0, 1, 0]
    expect(Math.abs(share(masked('window=0', [six, six])) - expected(6 / 8, 2))).toBeLessThan(0.02)
    expect(Math.abs(share(masked('window=0,ratio=4', [four, four])) - expected(4 / 8, 4))).toBeLessThan(0.02)
  })

  it('says which tag it misses', () => {
    const { attention } = parseMethod('yopo').read!
    const seq = { ...viewOf(1), tags: undefined }
    const asked: Asked = { q: seq.states, k: seq.states, v: seq.states, input: seq, isRotary: true }
    const site = siteOf({ language: { layers: 4, heads: { count: 2 } } })
    const run = () => (attention as Stage<Asked, Tensor, PartSite>)(asked, ({ q }) => q, { ...site, input: seq })
    expect(run).toThrow(expect.objectContaining({ code: 'method_unfit' }))
  })
})

async function runs(method: Method) {
  const chunk = await promptOf(method)
  return (await runChunks(tiny.model, method, [chunk])).map((run) => ({ ...run, chunk }))
}
