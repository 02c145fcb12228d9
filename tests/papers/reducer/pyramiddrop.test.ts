import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { atLayer, left, promptOf } from '../sequence-run.ts'
import { noise } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

describe('pyramiddrop', () => {
  it('leaves 576, 288, 144 and 72 in four stages of eight layers', () => {
    const counts = Array.from({ length: 32 }, () => 0)
    let seq = promptOf({ visual: noise(576, 2), text: noise(3, 2) })
    for (let layer = 0; layer < 32; layer++) {
      const rows = Number(seq.states.shape[1])
      const looks = { queries: noise(rows, 2, 5), keys: noise(rows, 2, layer + 7) }
      const start = layer === 0 ? seq : { ...seq, ran: [{ input: { visual: { shape: [1, 576] } } }] as never }
      seq = atLayer(parseMethod('pyramiddrop'), layer, start, { looks, layers: 32 })
      counts[layer] = Number(seq.visual.shape[1])
    }
    expect(counts).toEqual([576, 288, 144, 72].flatMap((count) => new Array(8).fill(count)))
  })

  it('ranks by what the last token would look at in that very layer', () => {
    const seq = promptOf({ visual: noise(4, 2), text: noise(2, 2) })
    const looks = { queries: [[9], [9], [9], [9], [-9], [1]], keys: [[0.1], [0.4], [0.05], [0.45], [0], [0]] }
    const { source, positions } = left(atLayer(parseMethod('pyramiddrop:stages=1,keep=.5'), 2, seq, { looks }))
    expect(source).toEqual([1, 3])
    expect(positions).toEqual([0, 1, 2, 3]) // counted anew
    const kept = left(atLayer(parseMethod('pyramiddrop:stages=1,keep=.5,ids=keep'), 2, seq, { looks }))
    expect(kept.positions).toEqual([1, 3, 4, 5])
  })

  it('drops before a quarter, a half and three quarters of the layers', async () => {
    const { kept, rows } = await prefill(tiny.model, { method: parseMethod('pyramiddrop') })
    const text = rows[0] - 16
    expect(rows.map((count) => count - text)).toEqual([16, 8, 4, 2])
    expect(kept).toHaveLength(2)
  })

  it('says so in the account of an answer, layer by layer', async () => {
    const { tokens } = await tiny.model.generate({
      prompt: 'what is it?',
      images: [picture()],
      method: parseMethod('pyramiddrop'),
      maxTokens: 3,
    })
    expect(tokens.visual).toMatchObject({ before: 16, after: 16, last: 2, layers: [16, 8, 4, 2] })
  })

  it('changes no bit where all shares are 1, by both kinds of positions', async () => {
    const dense = await prefill(tiny.model)
    for (const ids of ['keep', 'pack']) {
      const whole = await prefill(tiny.model, { method: parseMethod(`pyramiddrop:keep=1,ids=${ids}`) })
      expect(whole.logits).toEqual(dense.logits)
    }
  })
})
