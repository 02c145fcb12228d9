import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lossOf } from '../../../src/papers/evaluation/intriguing/effect.ts'
import { mutualNeighbours, occlude, shuffleGrid } from '../../../src/papers/evaluation/intriguing/pixel-probes.ts'
import {
  groupOf,
  importance,
  informationLoss,
  noisy,
  onlyGroup,
  permuted,
  unpermuted,
} from '../../../src/papers/evaluation/intriguing/token-probes.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, PATCHES, picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const logits = async (method?: Method) => (await prefill(tiny.model, { method })).logits

describe('tokens', () => {
  it('in the order that they have, and all in one group, are the dense model to the bit', async () => {
    const dense = await logits()
    expect(await logits(unpermuted)).toEqual(dense)
    expect(await logits(onlyGroup(0, 1))).toEqual(dense)
  })

  it('in another order are other logits: positions and the causal mask see it', async () => {
    const other = await prefill(tiny.model, { method: permuted(1) })
    expect(other.kept).toHaveLength(PATCHES)
    expect(largestDifference(other.logits, await logits())).toBeGreaterThan(1e-4)
    expect(largestDifference(await logits(permuted(2)), other.logits)).toBeGreaterThan(1e-4)
  })

  it('are parted into groups, each token in one', async () => {
    const groups = Array.from({ length: 4 }, (_, group) => groupOf(PATCHES, group, 2))
    expect(groups[0]).toEqual([0, 1, 4, 5])
    expect(groups.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: PATCHES }, (_, i) => i))
    expect((await prefill(tiny.model, { method: onlyGroup(3, 2) })).kept).toHaveLength(4)
    const uneven = Array.from({ length: 9 }, (_, group) => groupOf(PATCHES, group, 3))
    expect(uneven.flat()).toHaveLength(PATCHES)
  })

  it('with noise of no width are as they were, with some they are not, nor of another modality', async () => {
    const at = { layer: 1, seed: 1, form: 'centred' } as const
    const dense = await logits()
    expect(await logits(noisy({ ...at, at: 'all', width: 0 }))).toEqual(dense)
    const [visual, text] = [await logits(noisy({ ...at, at: 'visual' })), await logits(noisy({ ...at, at: 'text' }))]
    for (const found of [visual, text]) expect(largestDifference(found, dense)).toBeGreaterThan(1e-4)
    expect(visual).not.toEqual(text)
    expect(await logits(noisy({ ...at, at: 'visual', form: 'literal' }))).not.toEqual(visual)
  })
})

describe('scores', () => {
  it('lose shares, and are important by the least harmful noise', () => {
    expect(informationLoss(0.5, [0.5, 0.25, 0])).toEqual({ loss: [0, 0.5, 1], map: [0, 0.5, 1] })
    expect(informationLoss(0.5, [0.25]).map).toEqual([0])
    expect(importance(0.5, [0.25])).toBe(50)
    expect(importance(0.5, [0.25, 0.5])).toBe(0)
    expect(() => informationLoss(0, [0])).toThrow('never right')
    expect(() => importance(0, [0])).toThrow('never right')
  })

  it('of mutual neighbours: the example worked by hand, and features that are turned', () => {
    const angle = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
    const a = [0, 10, 90, 100].map(angle)
    expect(mutualNeighbours(a, a, 1)).toBe(1)
    expect(mutualNeighbours(a, [50, 60, 140, 150].map(angle), 1)).toBe(1)
    // nearest: 2, 1, 4, 3 there, and 2, 1, 2, 3 here
    expect(mutualNeighbours(a, [0, 10, 21, 100].map(angle), 1)).toBe(0.75)
  })
})

describe('pixels', () => {
  const rng = () => Rng.from(1, 'pixels')
  const sorted = (data: Uint8Array) => data.slice().sort((x, y) => x - y)

  it('in cells of another order are all there', () => {
    expect(shuffleGrid(picture(), 0, rng())).toEqual(picture())
    const shuffled = shuffleGrid(picture(), 4, rng())
    expect(shuffled.data).not.toEqual(picture().data)
    expect(sorted(shuffled.data)).toEqual(sorted(picture().data))
  })

  it('are hidden by chance or by salience', () => {
    const image = { width: 2, height: 2, data: Uint8Array.from([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]) }
    const hide = (ratio: number, by: 'random' | 'salient' | 'non-salient') =>
      [...occlude(image, 2, ratio, by, { rng: rng(), salience: [4, 3, 2, 1] }).data].filter((_, at) => at % 3 === 0)
    expect(hide(0.5, 'salient')).toEqual([0, 0, 3, 4])
    expect(hide(0.5, 'non-salient')).toEqual([1, 2, 0, 0])
    expect(hide(0, 'random')).toEqual([1, 2, 3, 4])
    expect(hide(1, 'random')).toEqual([0, 0, 0, 0])
    expect(hide(0.25, 'random').filter((x) => x === 0)).toHaveLength(1)
  })
})

it('orders of one image count as one image: their mean, in as many pairs as there are images', () => {
  const before = [true, true, true, false]
  const loss = lossOf({ seed: 1 }, before, [
    [true, false, true, false],
    [true, false, false, false],
  ])
  expect(loss).toMatchObject({ mean: (1 + 1 / 2) / 4, pairs: 4 })
  expect(lossOf({ seed: 1 }, before, [before, before])).toMatchObject({ mean: 0, pairs: 4 })
})
