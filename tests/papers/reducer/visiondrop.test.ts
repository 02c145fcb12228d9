import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { stageShares } from '../../../src/papers/reducer/visiondrop.ts'
import { countOf } from '../../../src/tensor/index.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { atLayer, left, promptOf } from '../sequence-run.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

describe('the stages of visiondrop', () => {
  it('leave 48, 35, 26 and 19 for a mean of 32 of 576, merged ones 6, 5, 4 and 3', () => {
    const counts = stageShares(32 / 576, 1.5).map((share) => countOf(576, share))
    expect(counts).toEqual([48, 35, 26, 19])
    expect(counts.reduce((sum, count) => sum + count, 0) / 4).toBe(32)
    expect(counts.map((count) => countOf(count, 0.135))).toEqual([6, 5, 4, 3])
  })

  it('fall by 0.733, and by 0.253 where the encoder leaves three times the mean', () => {
    const ratio = (first: number) => stageShares(0.1, first)[1] / stageShares(0.1, first)[0]
    expect(ratio(1.5)).toBeCloseTo(0.733, 2)
    expect(ratio(3)).toBeCloseTo(0.253, 2)
  })

  it('are all 1 for everything, and never more', () => {
    expect(stageShares(1, 1.5)).toEqual([1, 1, 1, 1])
    const shares = stageShares(0.8, 1.5)
    expect(shares[0]).toBe(1)
    expect(shares.reduce((sum, share) => sum + share, 0) / 4).toBeCloseTo(0.8, 9)
  })
})

/** Five visual tokens that get (.1, .4, .2, .25, .05) of what visual tokens look at. */
function toy(options: string) {
  const visual = [[1], [2], [4], [8], [16]]
  const seq = promptOf({ visual, text: [[0]] })
  // Unit queries: a key of log(w) is looked at in proportion to w; everything sees everything.
  const keys = [0.1, 0.4, 0.2, 0.25, 0.05].map((w) => [Math.log(w), 0])
  const looks = { queries: [...keys.map(() => [1, 0]), [1, 0]], keys: [...keys, [-9, 0]] }
  const start = { ...seq, ran: [{ input: seq }] as never }
  // All keys point the same way, so candidates go to the first target.
  return left(atLayer(parseMethod(`visiondrop:masked=false,${options}`), 1, start, { looks }))
}

describe('a stage of visiondrop', () => {
  it('has the dominant token first, then targets with what came to them added', () => {
    // Each stage leaves 0.6 of the one before. 3 of 5 stay, 2 of them merged: D = 1 (token 1), targets 0 and 3 of the rest 0, 2, 3, 4.
    const { source, states, positions } = toy('keep=.5,first=1.8382,contextual=.6')
    expect(source).toEqual([1, 0, 3])
    expect(states.slice(0, 3)).toEqual([[2], [1 + (4 + 16) / 2], [8]])
    expect(positions).toEqual([0, 1, 2, 3])
  })

  it('averages, or leaves targets as they are, and keeps positions where it is told to', () => {
    expect(toy('keep=.5,first=1.8382,contextual=.6,merging=mean').states[1]).toEqual([(1 + 4 + 16) / 3])
    const kept = toy('keep=.5,first=1.8382,contextual=.6,merging=none,ids=keep')
    expect(kept.states.slice(0, 3)).toEqual([[2], [1], [8]])
    expect(kept.positions).toEqual([1, 0, 3, 5])
  })

  it('counts early tokens more under the causal mask, as published', () => {
    const seq = promptOf({ visual: noise(5, 1), text: [[0]] })
    // Each key is looked at a little more than the one before it.
    const keys = [1, 1.1, 1.2, 1.3, 1.4, 1e-9].map((w) => [Math.log(w)])
    const looks = { queries: keys.map(() => [1]), keys }
    const run = (masked: boolean) => {
      const method = parseMethod(`visiondrop:keep=.4,first=2.463,contextual=0,masked=${masked}`)
      return left(atLayer(method, 1, { ...seq, ran: [{ input: seq }] as never }, { looks })).source
    }
    expect(run(false)).toEqual([3, 4])
    expect(run(true)).toEqual([0, 1])
  })
})

describe('visiondrop', () => {
  it('reduces behind the encoder as VisionZip does', () => {
    const of = { features: noise(12, 3), cls: noise(12, 1, 3).map(([x]) => x + 0.5) }
    const own = seen(parseMethod('visiondrop:keep=.25,first=2,contextual=.5'), tokensOf(of))
    expect(own).toEqual(seen(parseMethod('visionzip:keep=.5,contextual=.5'), tokensOf(of)))
  })

  it('has each layer see no more than its stage leaves', async () => {
    const { tokens } = await tiny.model.generate({
      prompt: 'what is it?',
      images: [picture()],
      method: parseMethod('visiondrop:keep=.5'),
      maxTokens: 3,
    })
    expect(tokens.visual.after).toBe(12)
    expect(tokens.visual.layers).toEqual(stageShares(0.5, 1.5).map((share) => countOf(16, share)))
  })

  it('scores without the question: other words, the same tokens', async () => {
    const method = parseMethod('visiondrop:keep=.3')
    const prompts = ['how many red circles are there?', 'what is the word?', 'is there a star?']
    const sets = await Promise.all(prompts.map((prompt) => prefill(tiny.model, { prompt, method })))
    expect(new Set(sets.map(({ kept }) => kept.join())).size).toBe(1)
  })

  it('changes no bit where everything is kept', async () => {
    const dense = await prefill(tiny.model)
    const whole = await prefill(tiny.model, { method: parseMethod('visiondrop:keep=1') })
    expect(whole.logits).toEqual(dense.logits)
  })
})
