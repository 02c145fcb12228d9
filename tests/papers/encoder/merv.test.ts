import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adaptiveMatrix, adaptivePool } from '../../../src/models/connectors/adaptive-pool.ts'
import { expertOf } from '../../../src/models/vision/experts.ts'
import { createScope } from '../../../src/nn/index.ts'
import { mixture, scores } from '../../../src/papers/encoder/merv.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { Model } from '../../../src/pipeline/model.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { constant, evaluate, softmax, type Tensor } from '../../../src/tensor/index.ts'
import { countingBackend } from '../../pipeline/counting-backend.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { adapterOf, randomAdapter, withRandomAdapter } from '../random-adapter.ts'
import { isOfEncoder, reachedBySlopes, seeTraced } from '../see-trace.ts'
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

const numbers = (x: Tensor, leaves = new Map<Tensor, { shape: number[]; data: Float64Array }>()): number[] =>
  Array.from(evaluate([x], leaves as never)[0].data, Number)

const ready = (name: string): Method => withRandomAdapter(tiny.model.parts.architecture, parseMethod(name))

describe('the common grid', () => {
  it.each([
    [14, [0.5, 2, 4, 5.5, 7.5, 9, 11, 12.5]],
    [16, [0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5]],
  ])('means of %s samples in 8 cells', (from, expected) => {
    const matrix = adaptiveMatrix(from, 8)
    const means = expected.map((_, row) =>
      matrix.subarray(row * from, (row + 1) * from).reduce((sum, share, at) => sum + share * at, 0),
    )
    for (const [at, value] of means.entries()) expect(value).toBeCloseTo(expected[at], 5)
  })

  it('is pooled in both directions, in raster order', () => {
    const map = constant(
      Array.from({ length: 8 }, (_, at) => at),
      [1, 8, 1],
    ) // 2 rows of 4
    expect(numbers(adaptivePool(map, { rows: 2, columns: 4 }, 2))).toEqual([0.5, 2.5, 4.5, 6.5])
  })
})

/** x_e of one token each. */
const tokens = (...rows: (readonly number[])[]) => rows.map((row) => constant([...row], [1, 1, row.length]))
const paperForm = { fusion: 'paper', width: 0 } as const

/** Weights of a mixture whose query is given. */
function weightsFor(query: readonly number[], aligned: readonly Tensor[]): number[] {
  const scope = createScope()
  const w = softmax(scores(scope, aligned, paperForm))
  const leaf = scope.parameters.get('query')!
  return numbers(w, new Map([[leaf, { shape: [1, query.length], data: Float64Array.from(query) }]]))
}

describe('the mixture', () => {
  it('is the worked example: Q = (1, 0), means (2, 0) and (0, 0)', () => {
    const [first, second] = weightsFor([1, 0], tokens([2, 0], [0, 0]))
    expect(first).toBeCloseTo(0.8044, 4)
    expect(second).toBeCloseTo(0.1956, 4)
  })

  it('weighs all alike where the query is nothing', () => {
    expect(weightsFor([0, 0], tokens([2, 1], [0, 3]))).toEqual([0.5, 0.5])
    const uniform = { fusion: 'uniform', width: 0 } as const
    expect(numbers(softmax(scores(createScope(), tokens([1, 2], [3, 4]), uniform)))).toEqual([0.5, 0.5])
  })

  it('of one encoder, or of copies of it, is that encoder', () => {
    const [x] = tokens([0.3, -2])
    for (const copies of [1, 4]) {
      const all = new Array<Tensor>(copies).fill(x)
      const w = softmax(scores(createScope(), all, { fusion: 'uniform', width: 0 }))
      for (const [at, value] of numbers(mixture(all, w)).entries()) expect(value).toBeCloseTo([0.3, -2][at], 6)
    }
  })

  it('does not care for the order of encoders', () => {
    const [a, b] = tokens([2, 1], [-1, 3])
    const [one, other] = [weightsFor([1, 0.5], [a, b]), weightsFor([1, 0.5], [b, a])]
    expect(other).toEqual([one[1], one[0]])
    expect(numbers(mixture([b, a], constant(other, [1, 2])))).toEqual(numbers(mixture([a, b], constant(one, [1, 2]))))
  })

  it('is linear in each encoder', () => {
    const w = constant([0.25, 0.75], [1, 2])
    const [a, b, zero] = tokens([2, 1], [-1, 3], [0, 0])
    const sum = numbers(mixture([a, zero], w)).map((value, at) => value + numbers(mixture([zero, b], w))[at])
    expect(numbers(mixture([a, b], w))).toEqual(sum)
  })
})

describe('MERV on a model', () => {
  it.each([
    ['merv', 64],
    ['merv:side=3', 9],
    ['merv:fusion=static', 64],
    ['merv:fusion=uniform', 64],
    ['merv:fusion=code,width=16', 64],
    ['merv:fusion=channel', 64],
    ['merv:fusion=sequence', 3 * 64],
    ['merv:encoders=dinov2/siglip/clip/siglip-2,side=3', 9],
    ['merv:encoders=none,side=3', 9],
  ])('%s: %s tokens however many encoders there are, and weights that sum to 1', async (name, count) => {
    const method = ready(name)
    const { views } = await tiny.model.encode(picture(1), method)
    const [{ embeds, owner, memory }] = views
    expect(embeds.dims).toEqual([count, 32])
    expect(owner.every((token) => token >= 0 && token < 64)).toBe(true)
    const weights = memory['merv.weights']
    if (/sequence|channel/.test(name)) return expect(weights).toBeUndefined()
    const encoders = Object.keys(method.needs?.encoders ?? {}).length + 1
    expect(weights.dims).toEqual([1, encoders])
    expect(weights.data.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5)
    if (name.includes('uniform')) for (const weight of weights.data) expect(weight).toBeCloseTo(1 / 3, 6)
  })

  it('sees with every encoder: each of them changes the tokens', async () => {
    const { architecture } = tiny.model.parts
    const method = parseMethod('merv:fusion=uniform')
    const all = randomAdapter(architecture, method)
    const embedsUnder = async (name: string, adapter: Method['adapter']) => {
      const [part] = method.parts!
      const { views } = await tiny.model.encode(picture(2), { ...part, adapter: { ...adapter!, name } })
      return views[0].embeds.data
    }
    const whole = await embedsUnder('whole', all)
    for (const encoder of ['own', 'dinov2', 'siglip']) {
      const bytes = all.files.adapter as Uint8Array
      const values = [...all.entries].map(([key, { shape, offset, byteLength }]) => {
        const data = new Float32Array(bytes.slice(offset, offset + byteLength).buffer)
        return [
          key,
          { shape, data: key.startsWith(`method.merv.projectors.${encoder}.`) ? data.fill(0) : data },
        ] as const
      })
      expect(await embedsUnder(`without ${encoder}`, adapterOf(new Map(values)))).not.toEqual(whole)
    }
  })

  it.each(['merv', 'merv:fusion=code,width=16'])(
    '%s: gradients reach query, projections and projectors, and no encoder',
    async (name) => {
      for (const [leaf, isReached] of await reachedBySlopes(backend, tiny.model, ready(name))) {
        // The same for every encoder, so that the softmax does not notice.
        if (leaf.endsWith('k_proj.bias')) continue
        expect([leaf, isReached]).toEqual([leaf, !isOfEncoder(leaf)])
      }
    },
  )
})

describe('without the encoder of the model', () => {
  const name = 'merv:encoders=siglip/clip,own=false,side=3'

  it.each([1, 2])('answers about %s images from what the others see', async (count) => {
    const engine = countingBackend()
    const model = new Model(tiny.model.parts, engine)
    const images = [picture(1), picture(2)].slice(0, count)
    const { tokens } = await model.generate({ prompt: 'what is it?', images, method: ready(name), maxTokens: 2 })
    expect(tokens.visual.after).toBe(9 * count)
    expect(engine.views).toEqual([]) // pixels of the own encoder are not asked for
    await model.dispose()
  })

  it('mixes the others alone, and trains its projectors', () => {
    const scope = createScope()
    seeTraced(tiny.model.parts.architecture, parseMethod(name), scope)
    const projectors = [...scope.parameters.keys()].filter((leaf) => /projectors.*weight/.test(leaf))
    expect(projectors).toEqual(['siglip', 'clip'].map((kind) => `method.merv.projectors.${kind}.weight`))
    expect([...scope.parameters.keys()].some((leaf) => leaf.startsWith('vision_tower'))).toBe(true) // traced, not run
  })

  it('is refused where that leaves none', () => {
    expect(() => parseMethod('merv:encoders=none,own=false')).toThrow('option own: leaves no encoder')
  })
})

describe('the encoders that are asked for', () => {
  it('are all used, each with weights of its own', async () => {
    const names = (text: string) => Object.keys(parseMethod(text).needs?.encoders ?? {})
    expect(names('merv')).toEqual(['dinov2', 'siglip'])
    expect(names('merv:encoders=clip/siglip/siglip-2')).toEqual(['clip', 'siglip', 'siglip-2'])
    expect(names('merv:encoders=none')).toEqual([])
  })

  it.each([
    ['merv:encoders=vivit', 'option encoders: none, or some of dinov2, siglip, clip joined by /'],
    ['merv:encoders=siglip/siglip', 'option encoders: names one twice; call it siglip-2'],
  ])('%s is refused', (text, message) => {
    expect(() => parseMethod(text)).toThrow(message)
  })
})

describe('further encoders', () => {
  it('of the paper see 256 and 196 patches at 224 pixels', () => {
    const [dinov2, siglip, clip] = (['dinov2', 'siglip', 'clip'] as const).map((kind) => expertOf(kind, 'paper'))
    expect([dinov2, siglip, clip].map(({ side, tower }) => (side / tower.patchSize) ** 2)).toEqual([256, 196, 256])
    expect(dinov2.tower.special).toBe(5)
  })

  it('of one name from two methods are refused', () => {
    const other: Method = { name: 'other:x=1', needs: { encoders: { siglip: expertOf('siglip', 'small') } }, see: {} }
    expect(() => compose(parseMethod('merv'), other)).toThrow('merv and other:x=1 both bring an encoder named siglip')
  })

  it('have weights, or are refused by name', async () => {
    await expect(tiny.model.encode(picture(9), parseMethod('merv'))).rejects.toMatchObject({
      code: 'adapter_missing',
      message: expect.stringContaining('method.merv.encoders.'),
    })
  })

  it('are no use behind a method that drops patches', () => {
    expect(() => ready('visionzip:keep=.5+merv')).toThrow(
      expect.objectContaining({ code: 'method_unfit', message: expect.stringMatching(/merv.*visionzip/) }),
    )
  })
})

describe('the recipe', () => {
  it('trains each encoder alone, then the mixture of frozen ones, then the language model too', async () => {
    const stages = ['dinov2', 'clip', 'align', 'tune']
    const run = await trainTiny('merv:encoders=dinov2/clip,side=2', stages)
    expect(Object.values(run.losses).flat().every(Number.isFinite)).toBe(true)
    const { dinov2, clip, align, tune } = run.unreached
    // The mixture reads the layer before the last.
    expect([...dinov2, ...clip].filter((name) => !/\.encoder\.layers?\.2\./.test(name))).toEqual([])
    expect([align, tune]).toEqual([[], []])
    expect(run.trained.clip.filter((name) => !/^method\.merv\.(encoders|projectors)\.clip\./.test(name))).toEqual([])
    expect(run.trained.align).toContain('method.merv.query')
    expect([...run.trained.align, ...run.trained.tune].some((name) => name.includes('.encoders.'))).toBe(false)
    expect(run.visual).toBe(4)
    expect(run.text).not.toBe('')
  })
})
