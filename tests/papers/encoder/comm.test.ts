import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expertOf } from '../../../src/models/vision/experts.ts'
import { createScope } from '../../../src/nn/index.ts'
import { merged } from '../../../src/papers/encoder/comm.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { Model } from '../../../src/pipeline/model.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { constant, evaluate, grad, square, sum, type Tensor } from '../../../src/tensor/index.ts'
import { ndarray } from '../../../src/tensor/ndarray.ts'
import { countingBackend } from '../../pipeline/counting-backend.ts'
import { picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { isOfEncoder, reachedBySlopes, seeTraced } from '../see-trace.ts'
import { noise } from '../tokens-of.ts'
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

type Rows = readonly (readonly number[])[]
const asTensor = (rows: Rows) => constant(rows.flat(), [1, rows.length, rows[0].length])
const same = (x: Tensor) => x

/** What layers become with given scales and linear maps; norms are as they start, and maps are the identity unless given. */
function mergedBy(layers: readonly Rows[], scales: readonly number[], weights: Readonly<Record<string, Rows>> = {}) {
  const p = createScope()
  const states = merged(p, layers.map(asTensor), { merge: 'lln', frozen: same })
  const d = layers[0][0].length
  const identity = Array.from({ length: d }, (_, row) => Array.from({ length: d }, (_, at) => Number(row === at)))
  const firstOf = (name: string, shape: readonly number[]) => {
    if (name === 'scales') return [...scales]
    if (name.endsWith('linear.weight')) return (weights[name] ?? identity).flat()
    return new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(name.endsWith('norm.weight') ? 1 : 0)
  }
  const given = [...p.parameters].map(([name, leaf]) => {
    const shape = leaf.shape.map(Number)
    return [leaf, ndarray(shape, firstOf(name, shape))] as const
  })
  return Array.from(evaluate([states], new Map(given))[0].data, Number)
}

const normed = (rows: Rows) =>
  rows.map((row) => {
    const centre = row.reduce((a, b) => a + b) / row.length
    const deviation = Math.sqrt(row.reduce((a, b) => a + (b - centre) ** 2, 0) / row.length + 1e-5)
    return row.map((x) => (x - centre) / deviation)
  })

function expectClose(found: readonly number[], expected: readonly number[], digits = 5) {
  expect(found.length).toBe(expected.length)
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at], digits)
}

describe('the merging of layers', () => {
  it('is the worked example: (1, 3) and (4, 0) under scalars of .75 and .25', () => {
    expectClose(mergedBy([[[1, 3]], [[4, 0]]], [0.75, 0.25]), [-0.5, 0.5], 4)
  })

  it('with one scalar of 1 and the rest 0 is the norm of that layer', () => {
    const layers = [1, 2, 3].map((seed) => noise(4, 6, seed))
    for (const [at, layer] of layers.entries())
      expectClose(
        mergedBy(
          layers,
          [0, 1, 2].map((other) => Number(other === at)),
        ),
        normed(layer).flat(),
        5,
      )
  })

  it('of equal layers under equal maps is the sum of the scalars times one of them', () => {
    const layer = noise(3, 4)
    const once = mergedBy([layer], [1])
    expectClose(
      mergedBy([layer, layer, layer], [0.5, -0.2, 0.9]),
      once.map((x) => 1.2 * x),
    )
  })

  it('starts with one over the number of layers, and layerscale stays at a sum of 1', () => {
    const layers = [asTensor([[1, 5]]), asTensor([[3, -1]])]
    for (const merge of ['mean', 'layerscale'] as const) {
      const p = createScope()
      const states = merged(p, layers, { merge, frozen: same })
      const scales = p.parameters.get('scales')
      const given = new Map(scales ? [[scales, ndarray([2], [0.5, 0.5])]] : [])
      expectClose(Array.from(evaluate([states], given)[0].data, Number), [2, 2])
      if (scales) {
        const other = evaluate([states], new Map([[scales, ndarray([2], [Math.log(3), 0])]]))
        expectClose(Array.from(other[0].data, Number), [1.5, 3.5])
      }
    }
  })

  it('deeper takes the mean of the second half', () => {
    const layers = [[[100, 7]], [[9, 9]], [[1, 3]], [[3, 5]]].map(asTensor)
    const [{ data }] = evaluate([merged(createScope(), layers, { merge: 'deeper', frozen: same })], new Map())
    expectClose(Array.from(data, Number), [2, 4])
  })

  it('is asked of every layer: each scalar has a gradient', () => {
    const p = createScope()
    const layers = [1, 2, 3].map((seed) => asTensor(noise(2, 4, seed)))
    const loss = sum(square(merged(p, layers, { merge: 'lln', frozen: same })))
    const scales = p.parameters.get('scales')!
    const given = [...p.parameters].map(([name, leaf], at) => {
      const shape = leaf.shape.map(Number)
      const count = shape.reduce((a, b) => a * b, 1)
      return [leaf, ndarray(shape, name === 'scales' ? [0.2, 0.3, 0.5] : noise(1, count, at + 5)[0])] as const
    })
    const [slopes] = evaluate(grad(loss, [scales]), new Map(given))
    expect(Array.from(slopes.data, Number).every((slope) => Math.abs(slope) > 1e-6)).toBe(true)
  })
})

const ready = (name: string) => withRandomAdapter(tiny.model.parts.architecture, parseMethod(name))
const embedsUnder = async (name: string, image = picture(1)) => {
  const { views } = await tiny.model.encode(image, ready(name))
  return views[0].embeds
}

describe('COMM on a model', () => {
  it.each([
    'comm',
    'comm:encoder=siglip',
    'comm:encoder=clip,deepest=1',
    'comm:encoder=none',
    'comm:own=false',
    'comm:merge=layerscale',
    'comm:merge=deeper,blocks=0',
    'comm:layer=2',
  ])('%s: as many tokens as the first encoder has patches', async (name) => {
    const { dims, data } = await embedsUnder(name)
    expect(dims).toEqual([16, 32])
    expect(data.every(Number.isFinite)).toBe(true)
  })

  it('runs no encoder of the model where it is not one of the two', async () => {
    const engine = countingBackend()
    const model = new Model(tiny.model.parts, engine)
    await model.generate({ prompt: 'what?', images: [picture(1)], method: ready('comm:own=false'), maxTokens: 1 })
    expect(engine.views).toEqual([])
    await model.dispose()
  })

  it('has slopes at all weights of its own, at none of an encoder; a scalar for each layer', async () => {
    const method = ready('comm:blocks=1')
    for (const [leaf, isReached] of await reachedBySlopes(backend, tiny.model, method))
      expect([leaf, isReached]).toEqual([leaf, !isOfEncoder(leaf)])
    const scope = createScope()
    seeTraced(tiny.model.parts.architecture, method, scope)
    const scales = [...scope.parameters]
      .filter(([leaf]) => leaf.endsWith('.scales'))
      .map(([leaf, { shape }]) => [leaf, shape])
    expect(scales).toEqual([
      ['method.comm.own.scales', [3]],
      ['method.comm.dinov2.scales', [1]],
    ])
  })

  it('counts its weights as the paper does: 30 linear maps of 1024 x 1024', () => {
    const { tower } = expertOf('dinov2', 'paper')
    expect(tower.special).toBe(5)
    const p = createScope()
    const layer = constant(new Float32Array(1024), [1, 1, 1024])
    merged(p.at('own'), new Array<Tensor>(24).fill(layer), { merge: 'lln', frozen: same })
    merged(p.at('dinov2'), new Array<Tensor>(6).fill(layer), { merge: 'lln', frozen: same })
    const matrices = [...p.parameters].filter(([name]) => name.endsWith('linear.weight'))
    expect(matrices.reduce((sum, [, { shape }]) => sum + Number(shape[0]) * Number(shape[1]), 0)).toBe(30 * 1024 ** 2)
  })
})

describe('bad input', () => {
  it('without an encoder is refused', () => {
    expect(() => parseMethod('comm:encoder=none,own=false')).toThrow('option own: leaves no encoder')
  })

  it('a layer that there is not is refused by number', async () => {
    await expect(async () => embedsUnder('comm:layer=9')).rejects.toThrow(/layer=9, but the encoder has \d layers/)
  })

  it('behind a method that drops patches it is refused', () => {
    expect(() => ready('visionzip:keep=.5+comm')).toThrow(
      expect.objectContaining({ code: 'method_unfit', message: expect.stringMatching(/comm.*visionzip/) }),
    )
  })
})

describe('the recipe', () => {
  it('trains the second encoder alone, then what joins them and the language model together', async () => {
    const run = await trainTiny('comm:lora=2', ['dinov2', 'tune'])
    expect(run.trained.dinov2.some((name) => name.includes('.encoders.dinov2.'))).toBe(true)
    expect(run.trained.dinov2.filter((name) => name.startsWith('method.comm.own'))).toEqual([])
    expect(run.trained.tune.filter((name) => name.includes('.encoders.') || !name.startsWith('method.comm.'))).toEqual(
      [],
    )
    expect(run.trained.tune).toContain('method.comm.own.scales')
    expect(run.unreached.tune).toEqual([])
    expect(run.visual).toBe(16)
    expect(run.text).not.toBe('')
  })
})
