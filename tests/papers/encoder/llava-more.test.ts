import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { PATCHES, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { withRandomAdapter } from '../random-adapter.ts'
import { lossLeft, trainTiny } from '../trained.ts'

/** On a machine that is busy with others. */
const PATIENCE = 240_000

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const ready = (text: string) => withRandomAdapter(tiny.model.parts.architecture, parseMethod(text))

describe('a tower at several scales', () => {
  it.each([
    ['llava-more:scales=1', 144],
    ['llava-more:scales=2', 144],
    ['llava-more:tower=siglip,scales=2', 64],
    ['llava-more:tower=dinov2,scales=1', 144],
  ])('%s gives %s tokens', async (name, count) => {
    const { views } = await tiny.model.encode(picture(), ready(name))
    expect(views[0].embeds.dims[0]).toBe(count)
    expect(views[0].owner).toHaveLength(PATCHES)
    expect(views[0].owner.every((token) => token >= 0 && token < count)).toBe(true)
  })

  it('sees pixels of the largest scale', () => {
    const sides = [1, 2, 3].map((scales) => parseMethod(`llava-more:scales=${scales}`).needs!.encoders!.tower.side)
    expect(sides).toEqual([96, 192, 288])
  })
})

describe('the recipe', () => {
  it('trains the tower alone at one scale, then the projector of all scales, then the language model too', {
    timeout: PATIENCE,
  }, async () => {
    const run = await trainTiny('llava-more:scales=2,lora=2', ['tower', 'align', 'tune'], { steps: 2 })
    const { tower, align, tune } = run.trained
    expect(tower.some((name) => name.includes('.encoders.tower.'))).toBe(true)
    expect([...align, ...tune].some((name) => name.includes('.encoders.'))).toBe(false)
    expect(align).toEqual(expect.arrayContaining(['fc1', 'fc2'].map((name) => `method.llava-more.${name}.weight`)))
    expect(tune.some((name) => name.endsWith('lora_A.weight'))).toBe(true)
    expect([run.unreached.align, run.unreached.tune]).toEqual([[], []])
    expect(run.visual).toBe(144)
    expect(run.text).not.toBe('')
  })

  it('learns: the loss falls', { timeout: PATIENCE }, async () => {
    const run = await trainTiny('llava-more:tower=siglip,scales=1,lora=2', ['tower', 'align', 'tune'], { steps: 8 })
    expect(lossLeft(run, 2)).toBeLessThan(0.95)
  })
})
