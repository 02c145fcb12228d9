import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../../src/nn/index.ts'
import { merged } from '../../../src/papers/encoder/comm.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { ndarray } from '../../../src/tensor/ndarray.ts'
import { firstValue } from '../../../src/training/initialise.ts'
import { PATCHES, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { adapterOf, randomAdapter, withRandomAdapter } from '../random-adapter.ts'
import { lossLeft, trainTiny } from '../trained.ts'

/** On a machine that is busy with others. */
const PATIENCE = 240_000

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const ready = (text: string): Method => withRandomAdapter(tiny.model.parts.architecture, parseMethod(text))
const free = { merge: 'linear', scalars: 'free' } as const

const layer = (...rows: readonly (readonly number[])[]): Tensor =>
  constant(rows.flat(), [1, rows.length, rows[0].length])
const identity = [1, 0, 0, 1]
const whole = (L: number) => Object.fromEntries(Array.from({ length: L }, (_, i) => [`layers.${i}.weight`, identity]))

/** What layers are merged to; norms as they are at first, biases 0. */
function mergedBy(
  layers: readonly Tensor[],
  rule: Parameters<typeof merged>[2],
  weights: Readonly<Record<string, readonly number[]>> = {},
): number[] {
  const p = createScope()
  const sum = merged(p, layers, rule)
  const leaves = [...p.parameters].map(([name, leaf]) => {
    const value = weights[name] ?? [...firstValue(p, name, { seed: 1, depth: 1 })]
    return [leaf, ndarray(leaf.shape.map(Number), [...value])] as const
  })
  return [...evaluate([sum], new Map(leaves))[0].data]
}

const near = (found: readonly number[], expected: readonly number[], digits = 4) => {
  expect(found).toHaveLength(expected.length)
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at], digits)
}

describe('layers', () => {
  const [z1, z2] = [layer([1, 3]), layer([4, 0])]

  it('are the worked example: (1, 3) and (4, 0) by 0.75 and 0.25', () => {
    near(mergedBy([z1, z2], free, { scalars: [0.75, 0.25], ...whole(2) }), [-0.5, 0.5])
  })

  it('are the norm of one of them where it alone counts', () => {
    near(mergedBy([z1, z2], free, { scalars: [0, 1], ...whole(2) }), [1, -1])
  })

  it('that are equal are one, as often as the scalars sum to', () => {
    near(mergedBy([z1, z1, z1], free, { scalars: [0.5, 1, 1.5], ...whole(3) }), [-3, 3])
  })

  it('begin with one over their number each; with softmax they sum to 1', () => {
    near(mergedBy([z1, z1], free, whole(2)), [-1, 1])
    const softmax = { merge: 'linear', scalars: 'softmax' } as const
    near(mergedBy([z1, z1], softmax, { scalars: [3, -2], ...whole(2) }), [-1, 1])
  })

  it.each([
    ['last', [4, 0]],
    ['mean', [2.5, 1.5]],
    ['deep', [4, 0]],
    ['scale', [2.5, 1.5]],
  ] as const)('merge=%s is %o', (merge, expected) => {
    near(mergedBy([z1, z2], { merge, scalars: 'free' }), expected)
  })

  it('do not care for the order of patches', () => {
    const [a, b] = [mergedBy([layer([1, 3], [2, 9]), layer([4, 0], [7, 1])], free), mergedBy([layer([2, 9], [1, 3]), layer([7, 1], [4, 0])], free)] // biome-ignore format: both orders
    expect(b).toEqual([...a.slice(2), ...a.slice(0, 2)])
  })
})

describe('COMM on a model', () => {
  it.each(['comm', 'comm:encoders=own', 'comm:encoders=dinov2,merge=last', 'comm:merge=scale,blocks=0'])(
    '%s: as many tokens as patches',
    async (name) => {
      const { views } = await tiny.model.encode(picture(), ready(name))
      expect(views[0].embeds.dims).toEqual([PATCHES, 32])
      expect(views[0].owner).toEqual([...Array(PATCHES).keys()])
    },
  )

  /** The tokens of a picture where the scalars of one branch are zero. */
  async function embedsWithout(branch: string, seed: number): Promise<unknown> {
    const [part] = parseMethod('comm').parts!
    const { files, entries } = randomAdapter(tiny.model.parts.architecture, parseMethod('comm'))
    const bytes = files.adapter as Uint8Array
    const values = [...entries].map(([key, { shape, offset, byteLength }]) => {
      const data = new Float32Array(bytes.slice(offset, offset + byteLength).buffer)
      const isOff = key.startsWith(`method.comm.${branch}.`) && !key.includes('.norms.')
      return [key, { shape, data: isOff ? data.fill(0) : data }] as const
    })
    const adapter = { ...adapterOf(new Map(values)), name: `${branch} off` }
    return (await tiny.model.encode(picture(seed), { ...part, adapter })).views[0].embeds.data
  }

  it('sees nothing where the branches of both encoders are off, and something through each', async () => {
    for (const branch of ['own', 'dinov2']) {
      const [one, other] = [await embedsWithout(branch, 1), await embedsWithout(branch, 2)]
      expect(one).not.toEqual(other)
    }
    const none = (seed: number) => embedsWithout('', seed)
    expect(await none(1)).not.toEqual(await embedsWithout('own', 1))
  })
})

describe('the recipe', () => {
  it('trains DINOv2 alone, then fusion, projector and language model together', { timeout: PATIENCE }, async () => {
    const run = await trainTiny('comm:lora=2', ['dinov2', 'tune'], { steps: 6 })
    const { dinov2, tune } = run.trained
    expect(dinov2.some((name) => name.includes('.encoders.dinov2.'))).toBe(true)
    expect(dinov2.some((name) => name.startsWith('method.comm.own.'))).toBe(false)
    expect(tune.some((name) => name.includes('.encoders.'))).toBe(false)
    const scalars = tune.filter((name) => name.endsWith('.scalars'))
    expect(scalars).toEqual(['method.comm.dinov2.scalars', 'method.comm.own.scalars'])
    expect(run.unreached.tune).toEqual([])
    expect(lossLeft(run, 2)).toBeLessThan(1)
    expect(run.visual).toBe(PATCHES)
    expect(run.text).not.toBe('')
  })
})
