import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../../src/nn/index.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { noteLoss } from '../../../src/papers/training/notellm-2/loss.ts'
import { notePair } from '../../../src/papers/training/notellm-2/notes.ts'
import { noteStage, readNotes } from '../../../src/papers/training/notellm-2/stage.ts'
import { gated, saliency } from '../../../src/papers/training/notellm-2.ts'
import { read } from '../../../src/pipeline/flow/read.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { weightsUnder } from '../../../src/pipeline/method/own-weights.ts'
import { allText } from '../../../src/pipeline/method/sequence.ts'
import { partsUnder } from '../../../src/pipeline/talk/parts-under.ts'
import { compile, type Value } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { concat, constant, evaluate, grad, square, sum, type Tensor } from '../../../src/tensor/index.ts'
import { sceneDrawer } from '../../../src/training/drawn-scenes.ts'
import { initialise } from '../../../src/training/initialise.ts'
import { imageOf } from '../../../src/training/mini/data.ts'
import { noBank } from '../../../src/training/mini/train.ts'
import { contrastive } from '../../../src/training/objectives/contrastive.ts'
import { pick } from '../../../src/training/step.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'

let tiny: Tiny
const backend = new NodeBackend()
let method: Method
beforeAll(async () => {
  tiny = await tinyModel()
  method = withRandomAdapter(tiny.model.parts.architecture, parseMethod('notellm-2'))
})
afterAll(async () => {
  await tiny.close()
  await backend.dispose()
})

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)
const matrix = (rows: readonly (readonly number[])[]) => constant(rows.flat(), [rows.length, rows[0].length])
const random = (seed: number, ...shape: number[]) => {
  const rng = Rng.from(seed, 'notes')
  return constant(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
    shape,
  )
}

describe('late fusion', () => {
  const [n, v] = [matrix([[1, 3]]), matrix([[2, -1]])]
  const gate = (logit: number) => numbers(gated(n, v, matrix([new Array(4).fill(logit), new Array(4).fill(logit)])))

  it('takes the mean where the gate says nothing, the state where it is wide open, the feature where it is shut', () => {
    expect(gate(0)).toEqual([1.5, 1])
    expect(gate(100)).toEqual([1, 3])
    expect(gate(-100)).toEqual([2, -1])
  })
})

describe('two representations', () => {
  const heads = async (prompt: string, image = picture(1)) => {
    let found: Readonly<Record<string, Value>> = {}
    const text = method.read!.prompt!(
      { text: partsUnder(tiny.model.parts, method).tokenizer.protect(prompt), pictures: '<image>' },
      {} as never,
    )
    const onPrefill = (_: unknown, __: unknown, said: typeof found) => {
      found = said
    }
    const rest = { images: [image], method, rawPrompt: true, maxTokens: 0, onPrefill } as const
    await tiny.model.generate({ prompt: text.text, ...rest })
    return { text: found.embedding.data as Float32Array, image: found.visual.data as Float32Array }
  }

  it('that of the image does not change with the text, that of both does; both change with the image', async () => {
    const [one, other] = [await heads('a red dress'), await heads('a blue vase, and flowers')]
    expect(largestDifference(one.image, other.image)).toBeLessThan(1e-5)
    expect(largestDifference(one.text, other.text)).toBeGreaterThan(1e-2)
    const elsewhere = await heads('a red dress', picture(2))
    expect(largestDifference(one.image, elsewhere.image)).toBeGreaterThan(1e-2)
    expect(largestDifference(one.text, elsewhere.text)).toBeGreaterThan(1e-2)
  })

  it('a special word that a user types is text', async () => {
    const [one, typed] = [await heads('a red dress'), await heads('<IMG_EMB> a red dress <IMG_EMB>')]
    expect(largestDifference(one.image, typed.image)).toBeLessThan(1e-5)
  })
})

describe('embed', () => {
  it('gives one vector of length 1 for a text and its images, and the same one again', async () => {
    const note = { prompt: 'a red dress', images: [picture(1)], method }
    const vector = await tiny.model.embed(note)
    expect(vector).toHaveLength(64)
    expect(vector.reduce((total, x) => total + x * x, 0)).toBeCloseTo(1, 5)
    expect(await tiny.model.embed(note)).toEqual(vector)
    expect(await tiny.model.embed({ ...note, images: [picture(2)] })).not.toEqual(vector)
  })

  it('of text alone is fused with no feature, and finite', async () => {
    const vector = await tiny.model.embed({ prompt: 'a red dress', method })
    expect(vector.every(Number.isFinite)).toBe(true)
  })

  it('without fusion and without the special word needs no weights but the projection', async () => {
    const basic = withRandomAdapter(
      tiny.model.parts.architecture,
      parseMethod('notellm-2:prompt=basic,fusion=false,width=8,lora=0'),
    )
    expect([...basic.adapter!.entries.keys()]).toEqual(['method.notellm-2.tau', 'method.notellm-2.out.weight'])
    expect(await tiny.model.embed({ prompt: 'a vase', images: [picture()], method: basic })).toHaveLength(8)
  })

  it('refuses a method without such a head, and this one without its weights', async () => {
    const embed = (text: string) => tiny.model.embed({ prompt: 'a vase', method: parseMethod(text) })
    await expect(embed('fastv')).rejects.toMatchObject({ code: 'method_unfit' })
    await expect(embed('notellm-2:width=32')).rejects.toMatchObject({ code: 'adapter_missing' })
    await expect(embed('notellm-2:width=32')).rejects.toThrow(/method\.notellm-2\.words\.embed/)
  })
})

describe('training', () => {
  it('reads a batch of notes as each is embedded alone', async () => {
    const { parts } = tiny.model
    const stage = noteStage(method)
    const encode = (text: string) => parts.tokenizer.encode(text)
    const data = {
      seed: 4,
      architecture: parts.architecture,
      encode,
      bank: noBank,
      drawing: async () => sceneDrawer(parts),
    }
    const batch = (await stage.batches(data))(2)
    const program = await compile(
      backend,
      { embedding: readNotes(createScope(), parts.architecture, method).embedding },
      weightsUnder(method, parts.weights),
    )
    const { values } = await program.run(
      pick(
        batch,
        program.inputs.map(({ name }) => name),
      ),
    )
    await program.dispose()
    for (const [at, which] of [
      [0, 0],
      [1, 0],
      [stage.batch + 1, 1],
    ] as const) {
      const note = notePair(4, 2 * stage.batch + (at % stage.batch))[which]
      const alone = await tiny.model.embed({ prompt: note.text, images: [imageOf(note.scene)], method })
      const row = Array.from(values.embedding.data.slice(64 * at, 64 * at + 64), Number)
      const norm = Math.hypot(...row)
      expect(
        largestDifference(
          row.map((x) => x / norm),
          alone,
        ),
      ).toBeLessThan(1e-4)
    }
  })

  it('has pairs that pictures decide, and pairs that texts decide, the same ones from a seed', () => {
    expect(notePair(1, 6)).toEqual(notePair(1, 6))
    const [[a, b], [c, d]] = [notePair(1, 6), notePair(1, 7)]
    expect(a.scene.objects).toEqual(b.scene.objects)
    expect(a.scene.background).not.toEqual(b.scene.background)
    expect(c.scene.objects).not.toEqual(d.scene.objects)
    expect(c.text).not.toBe(d.text)
  })
})

describe('loss', () => {
  const [e, v, tau] = [random(1, 6, 4), random(2, 6, 4), constant([3], [])]
  const halves = (x: Tensor) => {
    const rows = numbers(x)
    return constant([...rows.slice(12), ...rows.slice(0, 12)], [6, 4])
  }

  it('is the plain contrastive one where the image does not count, 9 to 1 as it is', () => {
    const [plain, image] = [numbers(contrastive(e, tau))[0], numbers(contrastive(v, tau))[0]]
    expect(numbers(noteLoss(e, v, tau, { multimodal: 1, visual: 0 }))[0]).toBeCloseTo(plain, 5)
    expect(numbers(noteLoss(e, v, tau))[0]).toBeCloseTo(0.9 * plain + 0.1 * image, 5)
  })

  it('does not change when the two of every pair change places', () => {
    expect(numbers(noteLoss(halves(e), halves(v), tau))[0]).toBeCloseTo(numbers(noteLoss(e, v, tau))[0], 5)
  })
})

describe('saliency', () => {
  it('of every layer: shares of image, text and rest, not negative, that sum to 1', () => {
    const { architecture } = tiny.model.parts
    const scope = createScope()
    const width = architecture.language.hiddenSize
    const positions = constant([0, 1, 2, 3, 4, 5], [1, 6])
    const start = allText(random(3, 1, 6, width), positions)
    const { hidden, layers } = read(scope, architecture, parseMethod('dense'), start)
    const maps = layers.map((layer) => layer.attention!())
    const gradients = grad(sum(square(hidden)), maps)
    const shares = concat(
      maps.map((map, at) => saliency(map, gradients[at], { from: 1, to: 4 })),
      0,
    )
    const weights = new Map(
      [...scope.parameters].map(([name, leaf]) => {
        const data = Float64Array.from(initialise(name, leaf.shape, 4, Rng.from(1, name)))
        return [leaf, { dtype: 'f32', shape: leaf.shape.map(Number), data }] as const
      }),
    )
    const [found] = evaluate([shares], weights)
    const rows = Array.from({ length: layers.length }, (_, at) =>
      Array.from(found.data, Number).slice(3 * at, 3 * at + 3),
    )
    for (const row of rows) {
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0)
      expect(row[0] + row[1] + row[2]).toBeCloseTo(1, 5)
    }
    expect(rows[0][0]).toBeGreaterThan(0)
  })

  it('takes slots by hand: one head, four slots, the image in slot 1', () => {
    const attention = constant([1, 0, 0, 0, 0.5, 0.5, 0, 0, 0.2, 0.3, 0.5, 0, 0.1, 0.2, 0.3, 0.4], [1, 1, 4, 4])
    const gradient = constant(new Array(16).fill(-1), [1, 1, 4, 4])
    const [image, text, rest] = [0.2, (0.1 + 0.3) / 2, (0.5 + 0.2 + 0.3) / 3]
    const total = image + text + rest
    const found = numbers(saliency(attention, gradient, { from: 1, to: 2 }))
    for (const [at, expected] of [image, text, rest].entries()) expect(found[at]).toBeCloseTo(expected / total, 6)
  })
})
