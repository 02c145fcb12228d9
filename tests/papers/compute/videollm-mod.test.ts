import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { traceLanguage } from '../../../src/pipeline/flow/trace-language.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { LayerSite, Method, Stage } from '../../../src/pipeline/method/method.ts'
import type { Sequence } from '../../../src/pipeline/method/sequence.ts'
import { countCost } from '../../../src/runtime/program.ts'
import { add } from '../../../src/tensor/index.ts'
import { largestDifference, picture, type Tiny, tinyConfig, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { pictureChunk, runChunks, textChunk } from '../read-side.ts'
import { numbersIn, sequenceOf, siteOf } from '../site.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const withWeights = (text: string): Method =>
  withRandomAdapter(
    tiny.model.parts.architecture,
    parseMethod(text.replace('videollm-mod', 'videollm-mod:lora=0').replace('lora=0:', 'lora=0,')),
  )
const question = [21, 40, 33]

/** What a routed layer that adds 1 makes of states [b, s, 1] whose router says the state itself. */
function routed(options: string, form: Parameters<typeof sequenceOf>[0]): number[] {
  const layer = parseMethod(`videollm-mod:lora=0,every=1,${options}`).read!.layer as Stage<
    Sequence,
    Sequence,
    LayerSite
  >
  const site = siteOf()
  const seen: Sequence[] = []
  const next = (seq: Sequence): Sequence => {
    seen.push(seq)
    return { ...seq, states: add(seq.states, 1) }
  }
  const { states } = layer(sequenceOf(form), next, site)
  const [changed] = numbersIn([states], site.p, { 'videollm-mod.layers.0.router.weight': [1] })
  return changed.map((value, at) => value - form.states[at])
}

const mu = [0.1, 0.9, 0.3, 0.3, -0.2]

describe('a routed layer', () => {
  it('computes the two best of five, the earlier of equals, and leaves the others bit by bit', () => {
    const visual = [[0, 1, 2, 3, 4]]
    const changes = routed('ratio=.4,gate=none,keepLast=false', { states: mu, visual, length: 5 })
    expect(changes).toEqual([0, 1.9 - 0.9, 1.3 - 0.3, 0, 0])
  })

  it('counts a change by the gate: mu, 1 + mu or its sigmoid', () => {
    const form = { states: mu, visual: [[0, 1, 2, 3, 4]], length: 5 }
    expect(routed('ratio=.2,gate=raw,keepLast=false', form)[1]).toBeCloseTo(0.9)
    expect(routed('ratio=.2,gate=one-plus,keepLast=false', form)[1]).toBeCloseTo(1.9)
    expect(routed('ratio=.2,gate=sigmoid,keepLast=false', form)[1]).toBeCloseTo(1 / (1 + Math.exp(-0.9)))
  })

  it('always computes text, and the last token of a frame unless told otherwise', () => {
    const form = { states: [...mu, -5], visual: [[0, 1, 2, 3, 4]], length: 6 }
    expect(routed('ratio=.2,gate=none', form).map(Math.round)).toEqual([0, 0, 0, 0, 1, 1])
    expect(routed('ratio=.2,gate=none,keepLast=false', form).map(Math.round)).toEqual([0, 1, 0, 0, 0, 1])
  })

  it('chooses within each frame, whatever their lengths', () => {
    const states = [5, 9, 8, 0, -1, -3, -2, -4, 7]
    const view = [[0, 0, 0, -1, 1, 1, 1, 1, 2]]
    const form = { states, visual: [[0, 1, 2, 4, 5, 6, 7, 8]], length: 9, tags: { view } }
    expect(routed('ratio=.5,gate=none,keepLast=false', form).map(Math.round)).toEqual([0, 1, 1, 1, 1, 0, 1, 0, 1])
  })

  it('keeps rows of a batch apart, where one has fewer frames too', () => {
    const states = [1, 2, 3, 4, 9, 4, 3, 2, 1, 9]
    const visual = [
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]
    const view = [
      [0, 0, 1, 1, -1],
      [0, 0, 0, 0, -1],
    ]
    const changes = routed('ratio=.25,gate=one-plus,keepLast=false', { states, visual, length: 5, tags: { view } })
    expect(changes).toEqual([0, 3, 0, 5, 1, 5, 0, 0, 0, 1])
  })

  it('computes one token where a frame has one', () => {
    expect(routed('ratio=.2,gate=none', { states: [-3], visual: [[0]], length: 1 })).toEqual([1])
  })
})

describe('VideoLLM-MoD', () => {
  it('is the dense model bit by bit when every token is computed and none is gated', async () => {
    const method = withWeights('videollm-mod:ratio=1,gate=none')
    const [plain] = await runChunks(tiny.model, dense, [await pictureChunk(tiny.model, dense, [picture()], question)])
    const [all] = await runChunks(tiny.model, method, [await pictureChunk(tiny.model, method, [picture()], question)])
    expect(all.logits).toEqual(plain.logits)
    const [some] = await runChunks(tiny.model, withWeights('videollm-mod:gate=none'), [
      await pictureChunk(tiny.model, method, [picture()], question),
    ])
    expect(some.logits).not.toEqual(plain.logits)
  })

  it('leaves text alone bit by bit, at every rate', async () => {
    const text = textChunk(tiny.model, question, {
      ...(await pictureChunk(tiny.model, dense, [picture()], [])),
      end: 0,
    })
    const [plain] = await runChunks(tiny.model, dense, [text])
    for (const keep of [0, 0.2, 0.7, 1]) {
      const [routed] = await runChunks(tiny.model, withWeights(`videollm-mod:ratio=${keep}`), [text])
      expect(routed.logits).toEqual(plain.logits)
    }
  })

  it.each([
    ['videollm-mod:ratio=.2', 4],
    ['videollm-mod:ratio=.3', 5],
    ['videollm-mod:ratio=0,every=1', 1],
    ['random:keep=.44+videollm-mod:ratio=.5', 4],
  ])('%s streams frame by frame what it computes at once; a routed layer caches %s of a frame', async (text, k) => {
    const method = withWeights(text)
    const frames = [picture(1), picture(2), picture(3)]
    const [whole] = await runChunks(tiny.model, method, [await pictureChunk(tiny.model, method, frames, question)])
    const chunks = []
    let end = 0
    for (const [at, frame] of frames.entries()) {
      const chunk = await pictureChunk(tiny.model, method, [frame], at === frames.length - 1 ? question : [])
      const positions = chunk.positions.map((place) => place + end)
      chunks.push({ ...chunk, positions })
      end += chunk.end
    }
    const streamed = (await runChunks(tiny.model, method, chunks)).at(-1)!
    expect(largestDifference(streamed.logits, whole.logits)).toBeLessThan(1e-4)
    expect(streamed.rows).toEqual(whole.rows)
    const every = text.includes('every=1') ? 1 : 2
    const perFrame = chunks[0].visual.dims[0] as number
    expect(whole.rows).toEqual([0, 1, 2, 3].map((layer) => 3 + 3 * ((layer + 1) % every ? perFrame : k)))
  })

  it('does nothing to earlier frames when a later one changes', async () => {
    const { model } = tiny
    const method = withWeights('videollm-mod:ratio=.3')
    const language = await model.language(method)
    const keysOf = async (second: number) => {
      const key = `later-${second}`
      await language.open(key)
      await language.run(key, await pictureChunk(model, method, [picture(1), picture(second)], question))
      const kept = await language.program.session.read([`${key}/keys.1`, `${key}/keys.3`])
      await language.close(key)
      return Object.values(kept).map(({ data, dims }) => [...(data as Float32Array)].slice(0, 5 * dims[1] * dims[2]))
    }
    expect(await keysOf(2)).toEqual(await keysOf(3))
  })

  it('costs 1 - (|M| / L) (1 - r) of what visual tokens cost, in FLOPs and in cached rows', () => {
    const { text_config, ...rest } = tinyConfig(1000)
    const sizes = { hidden_size: 512, intermediate_size: 1376, num_attention_heads: 8, num_key_value_heads: 8 }
    const architecture = llava.bind({ ...rest, text_config: { ...text_config, ...sizes } })
    const flops = (text: string, visual: number) => {
      const bound = { text: 1, visual, answer: 0, asked: 1, 'mod.1': visual / 5, 'mod.3': visual / 5 }
      const pasts = Object.fromEntries([0, 1, 2, 3].map((layer) => [`past${layer}`, 0]))
      const traced = traceLanguage(architecture, parseMethod(text), createScope())
      expect(traced.rows({ ...bound, ...pasts })[1]).toBe(1 + (text === 'dense' ? visual : visual / 5))
      return countCost(Object.values(traced.outputs), { ...bound, ...pasts }).flops
    }
    const visual = (text: string) => flops(text, 100) - flops(text, 0)
    expect(visual('videollm-mod:lora=0') / visual('dense')).toBeCloseTo(0.6, 1)
    expect(Math.abs(visual('videollm-mod:lora=0') / visual('dense') - 0.6)).toBeLessThan(0.02)
  })

  it('tells a method that reads attention after it that the layer saw only some tokens', () => {
    expect(() => withWeights('videollm-mod+fastv:layer=2')).toThrow(
      expect.objectContaining({
        code: 'method_unfit',
        message: 'fastv reads attention of layer 1, but videollm-mod gave it only some of the tokens',
      }),
    )
  })
})
