import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

describe('fastervlm', () => {
  it('is the worked example: CLS attends (.2, .05, .4, .35), half of four keep 2 and 3', () => {
    const tokens = tokensOf({ features: noise(4, 3), cls: [0.2, 0.05, 0.4, 0.35] })
    expect(seen(parseMethod('fastervlm:keep=.5'), tokens).kept).toEqual([2, 3])
  })

  it('takes the first of equals', () => {
    const tokens = tokensOf({ features: noise(4, 3), cls: [0.1, 0.3, 0.3, 0.3] })
    expect(seen(parseMethod('fastervlm:keep=.5'), tokens).kept).toEqual([1, 2])
  })

  it('reads what all patches give where there is no CLS', () => {
    const attention = [
      [
        [0.1, 0.2, 0.7],
        [0.5, 0.1, 0.4],
        [0.1, 0.8, 0.1],
      ],
    ]
    expect(seen(parseMethod('fastervlm:keep=.6667'), tokensOf({ features: noise(3, 3), attention })).kept).toEqual([
      1, 2,
    ])
  })

  it('keeps the same patches whatever is asked', async () => {
    const method = parseMethod('fastervlm:keep=.25')
    const prompts = ['is there a star?', 'what colour is the ring?']
    const [one, other] = await Promise.all(prompts.map((prompt) => prefill(tiny.model, { prompt, method })))
    expect(one.chunk.visual.dims[0]).toBe(4)
    expect(other.chunk.visual.data).toEqual(one.chunk.visual.data)
  })

  it('chooses before the connector what could be chosen behind it', async () => {
    const whole = (await tiny.model.encode(picture(), parseMethod('dense'))).views[0]
    const few = (await tiny.model.encode(picture(), parseMethod('fastervlm:keep=.5'))).views[0]
    const width = whole.embeds.dims[1]
    const rows = few.owner.flatMap((token, patch) => (token >= 0 ? [patch] : []))
    const expected = rows.flatMap((row) => [...whole.embeds.data.slice(row * width, (row + 1) * width)])
    expect(rows).toHaveLength(8)
    expect(Math.max(...expected.map((value, at) => Math.abs(value - few.embeds.data[at])))).toBeLessThan(1e-5)
  })
})
