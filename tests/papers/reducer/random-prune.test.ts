import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { LAYERS, picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { afterLayers, atLayer, left, promptOf } from '../sequence-run.ts'
import { noise } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const kept = async (options: string, prompt = 'how many red circles are there?', seed = 1) =>
  (await prefill(tiny.model, { method: parseMethod(`random-prune:${options}`), prompt, images: [picture(seed)] })).kept

describe('random-prune', () => {
  it('keeps k exactly, before layer K and in all after it', async () => {
    const { kept, rows } = await prefill(tiny.model, { method: parseMethod('random-prune:layer=2,keep=.25') })
    expect(kept).toHaveLength(4)
    expect(rows).toEqual([0, 0, 12, 12].map((gone) => rows[0] - gone))
    expect(rows).toHaveLength(LAYERS)
  })

  it('chooses by the seed and the words, the same every time, whatever the picture', async () => {
    const first = await kept('keep=.5')
    expect(await kept('keep=.5')).toEqual(first)
    expect(await kept('keep=.5', undefined, 2)).toEqual(first)
    expect(await kept('keep=.5,seed=1')).not.toEqual(first)
    const others = [await kept('keep=.5', 'what is the word?'), await kept('keep=.5', 'is there a star?')]
    expect(others.some((set) => String(set) !== String(first))).toBe(true)
  })

  it('prefers no place: over many seeds each quarter is kept alike', () => {
    const seq = promptOf({ visual: noise(16, 2), text: [[1, 1]] })
    const counts = [0, 0, 0, 0]
    for (let seed = 0; seed < 200; seed++)
      for (const token of left(atLayer(parseMethod(`random-prune:layer=2,keep=.5,seed=${seed}`), 2, seq)).source)
        counts[Math.floor(token / 4)]++
    for (const count of counts) expect(Math.abs(count / 800 - 0.5)).toBeLessThan(0.08)
  })

  it('merges what goes into what it is most like, so that no state is lost', () => {
    const visual = noise(6, 3)
    const looks = [[0.5], [3], [0.1], [2], [0.2], [0.4], [1]]
    const seq = afterLayers(promptOf({ visual, text: [[1, 1, 1]] }), 2, { queries: looks.map(() => [1]), keys: looks })
    const { source, states } = left(atLayer(parseMethod('random-prune:layer=2,keep=.3333,metric=merge'), 2, seq))
    expect(source).toEqual([1, 3])
    const cosine = (a: number[], b: number[]) =>
      a.reduce((sum, x, at) => sum + x * b[at], 0) / (Math.hypot(...a) * Math.hypot(...b))
    const groups = [[1], [3]]
    for (const at of [0, 2, 4, 5])
      groups[cosine(visual[at], visual[1]) >= cosine(visual[at], visual[3]) ? 0 : 1].push(at)
    groups.forEach((members, token) => {
      for (const channel of [0, 1, 2]) {
        const sum = members.reduce((total, at) => total + visual[at][channel], 0)
        expect(states[token][channel]).toBeCloseTo(sum / members.length, 6)
      }
    })
  })

  it('keeps everything as it is, and nothing, by both', async () => {
    const dense = await prefill(tiny.model)
    for (const metric of ['random', 'merge']) {
      const whole = await prefill(tiny.model, { method: parseMethod(`random-prune:keep=1,metric=${metric}`) })
      expect(whole.logits).toEqual(dense.logits)
      expect(await kept(`keep=0,metric=${metric}`)).toEqual([])
    }
  })
})
