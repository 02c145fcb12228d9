import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { llava } from '../../../src/models/vlm/llava.ts'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { drawnDelta, v2pe, variablePositions } from '../../../src/papers/position/v2pe.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { read } from '../../../src/pipeline/flow/read.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import { allText } from '../../../src/pipeline/method/sequence.ts'
import { layout } from '../../../src/pipeline/talk/layout.ts'
import { placedBy } from '../../../src/pipeline/talk/positions.ts'
import { compile, f32, weightsOf } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { input } from '../../../src/tensor/index.ts'
import { initialise } from '../../../src/training/initialise.ts'
import { Rng } from '../../../src/world/rng.ts'
import {
  largestDifference,
  picture,
  prefill,
  promptChunk,
  type Tiny,
  tinyConfig,
  tinyModel,
} from '../../pipeline/tiny-model.ts'
import { noiseBank } from '../../training/noise-bank.ts'

let tiny: Tiny
const backend = new NodeBackend()
const architecture = llava.bind(tinyConfig(64))
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const IMAGE = 9
const view = (tokens: number): EncodedView => ({
  embeds: f32([tokens, 1], new Float32Array(tokens)),
  owner: Array.from({ length: tokens }, (_, at) => at),
  memory: {},
  signals: {},
  changedBy: [],
  grid: { rows: 1, columns: tokens },
  milliseconds: 0,
  cost: { flops: 0, bytes: 0 },
})

/** Positions of a prompt, `IMAGE` in it standing for views of so many tokens, under a method. */
function placed(ids: readonly number[], tokens: readonly number[], method: string, start = 0) {
  const place = (own: Parameters<typeof placedBy>[2]) => placedBy(parseMethod(method), architecture, own)
  return layout(ids, IMAGE, tokens.map(view), start, { place })
}

describe('positions of V2PE', () => {
  const ids = [1, 1, 5, IMAGE, 6, 1] // T T <img> v v v v </img> T
  it.each([
    ['v2pe:stride=1', [0, 1, 2, 2.25, 2.5, 2.75, 3, 4, 5]],
    ['v2pe:delta=.25', [0, 1, 2, 2.25, 2.5, 2.75, 3, 4, 5]],
    ['v2pe:stride=4', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['v2pe:stride=2', [0, 1, 2, 2.5, 3, 3.5, 4, 5, 6]],
  ])('%s: the worked example', (method, expected) => {
    const { positions, end } = placed(ids, [4], method)
    expect(positions).toEqual(expected)
    expect(end).toBe(expected[8] + 1)
  })

  it.each([1, 2, 8, 64, 256])(
    'stride %s: k tiles span k s, text lies on whole positions, the last where it must',
    (s) => {
      const prompt = [5, IMAGE, IMAGE, IMAGE, 6, 1, 5, IMAGE, IMAGE, 6, 1]
      const { positions, order, ids: text } = placed(prompt, new Array(5).fill(256), `v2pe:stride=${s}`)
      const isText = order.map((from) => from < text.length)
      expect(positions.filter((_, at) => isText[at]).every(Number.isInteger)).toBe(true)
      expect(positions[3 * 256] - positions[0]).toBe(3 * s)
      expect(positions.at(-1)).toBe(text.length - 1 + s * 5)
      const steps = positions.slice(1).map((position, at) => position - positions[at])
      expect(steps.every((step, at) => step === (isText[at + 1] ? 1 : s / 256))).toBe(true)
    },
  )

  it('are those of the model itself where delta is 1', () => {
    expect(placed(ids, [4], 'v2pe:delta=1')).toEqual(placed(ids, [4], 'dense'))
  })

  it('put text behind an image at the next whole position, whatever rounding did', () => {
    expect(placed([1, IMAGE, 1], [30], 'v2pe:delta=.1').positions.at(-1)).toBe(4) // 30 x 0.1 is a bit more than 3
    expect(placed([1, IMAGE, 1], [3], 'v2pe:delta=.5').positions).toEqual([0, 0.5, 1, 1.5, 3])
  })

  it('may differ from image to image', () => {
    const own = { ...placementOf([4, 4]), start: 0 }
    const { slots, end } = variablePositions(own, (_, index) => [1, 0.25][index])
    expect(slots.map(({ place }) => place[0])).toEqual([0, 1, 2, 3, 4, 4.25, 4.5, 4.75, 5])
    expect(end).toBe(6)
  })

  it('go on in later chunks from where they ended', () => {
    const { end } = placed(ids, [4], 'v2pe:delta=.25')
    expect(placed([1, 1], [], 'v2pe:delta=.25', end).positions).toEqual([6, 7])
  })

  it('keep the span of a view under a stride when some of its tokens were dropped', async () => {
    const positions = async (method: string) => (await promptChunk(tiny.model, { method: parseMethod(method) })).end
    expect(await positions('visionzip:keep=.5+v2pe:stride=4')).toBe(await positions('v2pe:stride=4'))
    expect(await positions('visionzip:keep=.5+v2pe:delta=.5')).toBe((await positions('v2pe:delta=.5')) - 4)
  })

  it('are refused where they make no sense', () => {
    expect(() => placed(ids, [4], 'v2pe:stride=8')).toThrow('a stride of 8 is more than the 4 steps of a view')
    expect(() => placed([IMAGE], [4], 'v2pe:delta=.00390625', 2 ** 17)).toThrow('near 131071')
    expect(() => placed([IMAGE], [4], 'v2pe:delta=.00390625', 2 ** 15)).not.toThrow()
  })
})

/** The slots of one token of text and then views of so many tokens. */
function placementOf(tokens: readonly number[]) {
  let own: Parameters<typeof placedBy>[2] | undefined
  layout([1, ...tokens.map(() => IMAGE)], IMAGE, tokens.map(view), 0, {
    place: (given) => {
      own = given
      return given
    },
  })
  return own!
}

describe('a model under V2PE', () => {
  it('is as it was, bit by bit, where delta is 1', async () => {
    const { logits } = await prefill(tiny.model)
    expect((await prefill(tiny.model, { method: parseMethod('v2pe:delta=1') })).logits).toEqual(logits)
    expect((await prefill(tiny.model, { method: parseMethod('v2pe:delta=.5') })).logits).not.toEqual(logits)
  })

  it('does not notice when all positions move by the same', async () => {
    const chunk = await promptChunk(tiny.model, { method: parseMethod('v2pe:delta=.25') })
    const language = await tiny.model.language(dense)
    const logitsAt = async (shift: number) => {
      await language.open('shifted')
      const moved = { ...chunk, positions: chunk.positions.map((position) => position + shift) }
      const { logits } = await language.run('shifted', moved)
      await language.close('shifted')
      return logits
    }
    expect(largestDifference(await logitsAt(100), await logitsAt(0))).toBeLessThan(1e-4)
  })

  it.each(['v2pe:delta=1', 'v2pe:delta=.5', 'v2pe:delta=.125', 'v2pe:delta=.1', 'v2pe:stride=1'])(
    '%s: decoding and later turns equal reading everything at once',
    async (text) => {
      const method = parseMethod(text)
      const conversation = await tiny.model.converse([picture()], method)
      const generated: number[] = []
      let [prompt, fresh]: [readonly number[], Float32Array] = [[], new Float32Array()]
      const first = { maxTokens: 4, ignoreEos: true, onToken: (id: number) => generated.push(id) }
      await conversation.ask('how many red circles are there?', first)
      const onPrefill = (ids: readonly number[], logits: Float32Array) => {
        ;[prompt, fresh] = [ids, logits]
      }
      const { tokens } = await conversation.ask('what colour is it?', { maxTokens: 1, ignoreEos: true, onPrefill })
      expect(tokens.cached).toBeGreaterThan(5)
      await conversation.close()
      // The image token stands once for each visual token in what is told.
      const { imageToken } = tiny.model.parts.architecture.prompt
      const ids = prompt.filter((id, at) => id !== imageToken || prompt[at - 1] !== imageToken)
      const { views } = await tiny.model.encode(picture(), method)
      const place = (own: Parameters<typeof placedBy>[2]) => placedBy(method, tiny.model.parts.architecture, own)
      const language = await tiny.model.language(method)
      await language.open('whole')
      const { logits } = await language.run('whole', layout(ids, imageToken, views, 0, { place }))
      await language.close('whole')
      expect(largestDifference(fresh, logits)).toBeLessThan(1e-4)
    },
  )

  it('reads two samples with different images in a batch as each alone', async () => {
    const layouts = [
      placed([1, 5, IMAGE, 6, 1], [8], 'v2pe:stride=2'),
      placed([5, IMAGE, 6, 1, 1], [8], 'v2pe:delta=.5'),
    ]
    const [both, ...single] = await Promise.all([layouts, [layouts[0]], [layouts[1]]].map(hiddenOf))
    expect(largestDifference(both, [...single[0], ...single[1]])).toBeLessThan(1e-5)
  })
})

/** Last states of sequences with these positions, random embeddings by their number of tokens. */
async function hiddenOf(layouts: readonly { readonly positions: readonly number[] }[]): Promise<Float32Array> {
  const [scope, batch, length] = [createScope(), layouts.length, layouts[0].positions.length]
  const start = allText(input('states', [batch, length, 32]), input('positions', [batch, length]))
  const { hidden } = read(scope, architecture, dense, start)
  const weights = [...scope.parameters].map(([name, { shape }]) => {
    return [name, f32(shape.map(Number), initialise(name, shape, 4, Rng.from(1, name)))] as const
  })
  const program = await compile(backend, { hidden }, { weights: weightsOf(new Map(weights)) })
  const states = layouts.flatMap(({ positions }) => {
    const rng = Rng.from(positions[1] * 8, 'states')
    return Array.from({ length: length * 32 }, () => rng.normal())
  })
  const { values } = await program.run({
    states: f32([batch, length, 32], Float32Array.from(states)),
    positions: f32([batch, length], Float32Array.from(layouts.flatMap(({ positions }) => positions))),
  })
  await program.dispose()
  return values.hidden.data as Float32Array
}

describe('the recipe', () => {
  it('draws delta for every image from the nine of the paper, each as likely', () => {
    const counts = new Map<number, number>()
    for (let step = 0; step < 900; step++)
      for (let image = 0; image < 8; image++) {
        const delta = drawnDelta(1, step, image)
        counts.set(delta, (counts.get(delta) ?? 0) + 1)
      }
    expect([...counts.keys()].sort((a, b) => b - a)).toEqual(Array.from({ length: 9 }, (_, at) => 2 ** -at))
    for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(120)
  })

  it('gives a batch the positions that a prompt has under the delta of each image', async () => {
    const [stage] = v2pe.recipe!(v2pe.options!.parse({ lora: 2 })).stages
    const encode = (text: string) => Array.from(text.slice(0, 3), () => 20)
    const batches = await stage.batches({ seed: 5, architecture, encode, bank: async () => noiseBank })
    const { openingPositions, positions, segments } = batches(7)
    for (let image = 0; image < stage.batch; image++) {
      const method = `v2pe:delta=${drawnDelta(5, 7, image)}`
      const { positions: expected } = placed([IMAGE, 1, 1], [16], method)
      expect([...openingPositions.data].slice(16 * image, 16 * image + 16)).toEqual(expected.slice(0, 16))
      const first = Array.from(segments.data, Number).indexOf(1, 96 * image)
      expect([...positions.data].slice(first, first + 2)).toEqual(expected.slice(16))
    }
  })

  it('makes weights that only the tuned model asks for', () => {
    const { options } = v2pe.recipe!(v2pe.options!.parse({}))
    expect(options).toEqual({ lora: 16 })
    expect(parseMethod('v2pe').parts![0].needs).toEqual({ untrained: true })
    expect(parseMethod('v2pe:lora=16').parts![0].needs).toBeUndefined()
  })
})

describe('models whose positions are of another kind', () => {
  const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/families/${name}`, import.meta.url))
  async function logitsUnder(name: string, method: string): Promise<Float32Array> {
    const model = await loadModel(fixture(name), { threads: 1 })
    try {
      let found = new Float32Array()
      const { imageToken, imagesFirst } = model.parts.architecture.prompt
      const prompt = `${imagesFirst ? '' : model.parts.tokenizer.idToToken(imageToken)}what is it?`
      const onPrefill = (_: readonly number[], logits: Float32Array) => {
        found = Float32Array.from(logits)
      }
      const options = { prompt, rawPrompt: true, images: [picture(3, 64, 64)], maxTokens: 2, onPrefill }
      await model.generate({ ...options, method: parseMethod(method) })
      return found
    } finally {
      await model.dispose()
    }
  }

  it('grids of M-RoPE shrink, and are as they were where delta is 1', async () => {
    const own = await logitsUnder('qwen2-vl', 'dense')
    expect(await logitsUnder('qwen2-vl', 'v2pe:delta=1')).toEqual(own)
    expect(largestDifference(await logitsUnder('qwen2-vl', 'v2pe:delta=.5'), own)).toBeGreaterThan(0)
  })

  it.each(['blip-2', 'blip-2-t5'])('%s has no rotary positions: refused, but for whole ones', async (name) => {
    await expect(logitsUnder(name, 'v2pe')).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringMatching(/v2pe.* puts a token at position -0\.75, but the language model of blip-2 has/),
    })
    expect(await logitsUnder(name, 'v2pe:delta=1')).toEqual(await logitsUnder(name, 'dense'))
  })
})
