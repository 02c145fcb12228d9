import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withFurtherCaches } from '../../../src/models/language/further-caches.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import { tokenOutputs, traceVision } from '../../../src/pipeline/flow/trace-vision.ts'
import { compose, dense } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { poolTokens } from '../../../src/pipeline/method/pool.ts'
import { f32, type Value } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { countCost } from '../../../src/runtime/program.ts'
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
import { ownGradients, pictureChunk, runChunks, textChunk } from '../read-side.ts'
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

const method = (text: string, untrained = false): Method =>
  withRandomAdapter(tiny.model.parts.architecture, parseMethod(text), { untrained })
const question = [21, 40, 33]

/** The same rows in another order. */
function shuffled({ dims: [rows, width], data }: Value<Float32Array>): Value<Float32Array> {
  const order = Array.from({ length: rows }, (_, at) => (at * 5 + 3) % rows)
  expect(new Set(order).size).toBe(rows)
  return f32([rows, width], Float32Array.from(order.flatMap((row) => [...data.slice(row * width, (row + 1) * width)])))
}

describe('CrossLMM', () => {
  it('begins as the pooled model, bit by bit', async () => {
    const pooled = compose({
      name: 'pooled',
      see: { connector: (tokens, next) => next(poolTokens(tokens, { rows: 2, columns: 2 }, 'pooled')) },
    })
    const { logits, chunk } = await prefill(tiny.model, { method: pooled })
    expect(chunk.visual.dims[0]).toBe(4)
    const start = await prefill(tiny.model, { method: method('crosslmm:side=2,every=1', true) })
    expect(start.logits).toEqual(logits)
    const trained = await prefill(tiny.model, { method: method('crosslmm:side=2,every=2') })
    expect(trained.logits).not.toEqual(logits)
  })

  it('begins as the model itself where nothing is pooled', async () => {
    const start = await prefill(tiny.model, { method: method('crosslmm:side=4', true) })
    expect(start.logits).toEqual((await prefill(tiny.model)).logits)
  })

  it('looks at patches in any order', async () => {
    const crossed = method('crosslmm')
    const chunk = await pictureChunk(tiny.model, crossed, [picture()], question)
    const { data, dims } = chunk.memory!['cross.0']
    expect(dims).toEqual([PATCHES, 4 * 16])
    const other = { ...chunk, memory: { 'cross.0': shuffled(f32(dims, data)) } }
    const none = { ...chunk, memory: { 'cross.0': f32(dims, new Float32Array(data.length)) } }
    const [logits, same, blind] = (
      await Promise.all([chunk, other, none].map((each) => runChunks(tiny.model, crossed, [each])))
    ).map(([{ logits }]) => logits)
    expect(largestDifference(logits, same)).toBeLessThan(1e-5)
    expect(largestDifference(logits, blind)).toBeGreaterThan(1e-3)
  })

  it('decodes step by step what it computes at once, over the patches of all frames', async () => {
    const crossed = method('crosslmm:side=2,every=2')
    const frames = [picture(1), picture(2), picture(3)]
    const chunks = [await pictureChunk(tiny.model, crossed, frames, question)]
    for (const id of [31, 62, 45]) chunks.push(textChunk(tiny.model, [id], chunks.at(-1)!))
    const [whole] = await runChunks(tiny.model, crossed, [
      await pictureChunk(tiny.model, crossed, frames, [...question, 31, 62, 45]),
    ])
    const stepwise = (await runChunks(tiny.model, crossed, chunks)).at(-1)!
    expect(largestDifference(stepwise.logits, whole.logits)).toBeLessThan(1e-4)
  })

  it('moves its gates first', async () => {
    const gradients = await ownGradients(backend, tiny.model, method('crosslmm:side=2,lora=0', true))
    for (const [name, gradient] of gradients)
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(name.endsWith('gate'))
  })

  it('has no text branch in the first stage of training', () => {
    const names = (text: string) => ownLeaves(tiny.model.parts.architecture, parseMethod(text)).map(({ name }) => name)
    expect(names('crosslmm:text=false').some((name) => name.includes('t2v'))).toBe(false)
    expect(names('crosslmm').filter((name) => name.includes('t2v'))).toHaveLength(7)
  })

  it('looks before layers 0, K, 2K, ...', () => {
    const leaves = ownLeaves(tiny.model.parts.architecture, parseMethod('crosslmm:every=2,lora=0'))
    const layers = new Set(leaves.map(({ name }) => name.split('.')[3]))
    expect(layers).toEqual(new Set(['0', '2']))
  })

  it('costs a third at most of full tokens at 16 frames of 27 x 27', () => {
    const { text_config, vision_config, ...rest } = tinyConfig(1000)
    const architecture = llava.bind({
      ...rest,
      vision_config: { ...vision_config, hidden_size: 1152, num_attention_heads: 16, image_size: 54, patch_size: 2 },
      text_config: {
        ...text_config,
        hidden_size: 1536,
        intermediate_size: 8960,
        num_attention_heads: 12,
        num_key_value_heads: 2,
      },
    })
    const [frames, patches] = [16, 729]
    const costOf = (text: string, perFrame: number) => {
      const own = parseMethod(text)
      const past = Object.fromEntries([0, 1, 2, 3].map((layer) => [`past${layer}`, 0]))
      const sizes = {
        text: 40,
        visual: frames * perFrame,
        answer: 0,
        asked: 1,
        'memory.cross.0': frames * patches,
        ...past,
      }
      const language = countCost(Object.values(traceLanguage(architecture, own).outputs), sizes).flops
      const view = { width: 54, height: 54 }
      const seen = (of: Method) => countCost(Object.values(tokenOutputs(traceVision(architecture, of, view))), {}).flops
      return language + frames * (seen(own) - seen(dense))
    }
    expect(costOf('dense', patches) / costOf('crosslmm', 9)).toBeGreaterThan(3)
  })

  it('cannot make more tokens than there are patches', () => {
    expect(() => method('crosslmm:side=5')).toThrow(
      expect.objectContaining({
        code: 'method_unfit',
        message: 'crosslmm cannot make 5 x 5 regions of 4 x 4 patches; ask for fewer',
      }),
    )
  })
})

describe('layers of its own', () => {
  const OWN = 'crosslmm:layer=own,side=2,every=2'

  it('are a whole layer before every K-th, and add nothing before they are trained', async () => {
    const names = ownLeaves(tiny.model.parts.architecture, parseMethod(`${OWN},lora=0`)).map(({ name }) => name)
    const layer = (at: number) => names.filter((name) => name.startsWith(`method.crosslmm.own.${at}.layers.0.`))
    expect([0, 1, 2, 3].map((at) => layer(at).length)).toEqual([9, 0, 9, 0])
    const { logits } = await prefill(tiny.model, { method: method('crosslmm:side=2,every=2', true) })
    expect((await prefill(tiny.model, { method: method(OWN, true) })).logits).toEqual(logits)
    expect((await prefill(tiny.model, { method: method(OWN) })).logits).not.toEqual(logits)
  })

  it('keep caches of their own, so that decoding gives what the whole sequence gives', async () => {
    const own = method(OWN)
    const frames = [picture(1), picture(2)]
    const chunks = [await pictureChunk(tiny.model, own, frames, question)]
    for (const id of [31, 62, 45]) chunks.push(textChunk(tiny.model, [id], chunks.at(-1)!))
    const stepwise = (await runChunks(tiny.model, own, chunks)).at(-1)!
    const [whole] = await runChunks(tiny.model, own, [
      await pictureChunk(tiny.model, own, frames, [...question, 31, 62, 45]),
    ])
    expect(largestDifference(stepwise.logits, whole.logits)).toBeLessThan(1e-4)
    expect(stepwise.rows).toEqual(new Array(LAYERS + 2).fill(2 * 4 + question.length + 3))
    // Without them a step would see itself alone in those layers.
    const { language } = tiny.model.parts.architecture
    expect(withFurtherCaches(language, 2).caches).toBe(LAYERS + 2)
    expect(language.caches).toBeUndefined()
  })

  it('move what writes first, then everything', async () => {
    const start = await ownGradients(backend, tiny.model, method(`${OWN},lora=0`, true))
    const reached = [...start].filter(([, gradient]) => gradient.some((value) => value !== 0)).map(([name]) => name)
    expect(reached.length).toBeGreaterThan(4)
    for (const name of reached) expect(name).toMatch(/gate$|(o|down)_proj\.weight$/)
    for (const [name, gradient] of await ownGradients(backend, tiny.model, method(`${OWN},lora=0`)))
      expect(
        gradient.some((value) => value !== 0),
        name,
      ).toBe(true)
  })

  it('answer a second turn of a conversation from their cache', async () => {
    const own = method(OWN)
    const ask = { images: [picture()], method: own, maxTokens: 3, ignoreEos: true }
    const conversation = await tiny.model.converse([picture()], own)
    const first = await conversation.ask('what is it?', { maxTokens: 3, ignoreEos: true })
    expect(first.text).toBe((await tiny.model.generate({ ...ask, prompt: 'what is it?' })).text)
    expect((await conversation.ask('and now?', { maxTokens: 3, ignoreEos: true })).text).not.toBe('')
  })

  it('are those of one method', () => {
    const [one] = parseMethod(OWN).parts!
    expect(() => compose(one, { ...one, name: 'other:x=1' })).toThrow('both put layers into the language model')
  })
})

describe('the recipe', () => {
  it('of its own layers trains all of them', async () => {
    const run = await trainTiny('crosslmm:layer=own,side=2,every=2', ['align', 'tune'])
    expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
    expect(run.unreached).toEqual({ align: [], tune: [] })
    expect(run.trained.align.some((name) => name.includes('crosslmm.own.2.layers.0.self_attn.q_proj'))).toBe(true)
    expect(run.text).not.toBe('')
  })

  it('trains what visual tokens look with first, then all of it and the language model', async () => {
    const run = await trainTiny('crosslmm:side=2,every=2', ['align', 'tune'])
    expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
    expect(run.unreached).toEqual({ align: [], tune: [] })
    const [align, tune] = [run.trained.align, run.trained.tune]
    expect(align.filter((name) => name.includes('v2v'))).toHaveLength(14)
    expect(align).toContain('multi_modal_projector.linear_2.bias')
    expect(align.some((name) => name.includes('t2v') || isLora(name))).toBe(false)
    expect(tune.filter((name) => name.includes('t2v'))).toHaveLength(14)
    expect(tune.some(isLora)).toBe(true)
    expect(run.visual).toBe(4)
    expect(run.text).not.toBe('')
  })
})
