import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

async function keptPatches(text: string, seed = 1) {
  const { views } = await tiny.model.encode(picture(seed), parseMethod(text))
  return views[0].owner.flatMap((token, patch) => (token >= 0 ? [patch] : []))
}

describe('random', () => {
  it('keeps k exactly: none, some, all', async () => {
    for (const [keep, count] of [
      [0, 0],
      [0.25, 4],
      [0.6, 10],
      [1, 16],
    ])
      expect(await keptPatches(`random:keep=${keep}`)).toHaveLength(count)
  })

  it('chooses by the seed alone', async () => {
    const first = await keptPatches('random:keep=.5,seed=1')
    expect(await keptPatches('random:keep=.5,seed=1', 2)).toEqual(first)
    expect(await keptPatches('random:keep=.5,seed=2')).not.toEqual(first)
  })

  it('answers without any visual token', async () => {
    const { kept, logits } = await prefill(tiny.model, { method: parseMethod('random:keep=0') })
    expect(kept).toEqual([])
    expect(logits.every(Number.isFinite)).toBe(true)
  })
})

describe('resize', () => {
  it.each([
    [1, 4],
    [0.6, 3],
    [0.25, 2],
    [0.01, 1],
  ])('keep=%s: a grid of %s by as many, all of it kept', async (keep, side) => {
    const image = await tiny.model.encode(picture(), parseMethod(`resize:keep=${keep}`))
    expect(image.views[0].grid).toEqual({ rows: side, columns: side })
    expect(image.views[0].embeds.dims[0]).toBe(side ** 2)
    expect(image.views[0].owner).toEqual(Array.from({ length: side ** 2 }, (_, at) => at))
    expect(image.patches).toBe(16)
  })
})
