import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { rateAt, walked } from '../../../src/papers/reducer/aim.ts'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const features = [
  [1, 0],
  [0.9, 0.1],
  [0, 1],
  [0.2, 1],
]
const merge = (options: string, of = { features }) => seen(parseMethod(`aim:${options}`), tokensOf(of))

describe('merging in aim', () => {
  it('is the worked example: one round of one, and of two', () => {
    const close = (states: readonly (readonly number[])[], expected: number[][]) =>
      states.flat().forEach((value, at) => {
        expect(value).toBeCloseTo(expected.flat()[at], 6)
      })
    const three = merge('merge=.75,metric=states')
    close(three.states, [
      [0, 1],
      [0.95, 0.05],
      [0.2, 1],
    ])
    expect(three.owner).toEqual([1, 1, 0, 2])
    const two = merge('merge=.5,metric=states')
    close(two.states, [
      [0.95, 0.05],
      [0.1, 1],
    ])
    expect(two.owner).toEqual([0, 0, 1, 1])
  })

  it('halves until the share is left: 252 and 72 of 576', () => {
    const large = { features: noise(576, 3) }
    expect(merge('merge=.4375', large).states).toHaveLength(252)
    const { states, owner } = merge('merge=.125', large)
    expect(states).toHaveLength(72)
    expect(owner.every((token) => token >= 0)).toBe(true)
  })

  it('compares keys, not states, where it is told to', () => {
    const keys = [
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ]
    const { owner } = merge('merge=.5,metric=keys', { features, keys } as never)
    expect(owner).toEqual([1, 0, 0, 1])
  })

  it('merges down to one, and changes nothing of a share of 1', () => {
    expect(merge('merge=.01').states).toHaveLength(1)
    expect(merge('merge=1')).toMatchObject({ states: features, owner: [0, 1, 2, 3] })
  })
})

describe('the walk of aim', () => {
  it('is the worked example: after five steps nearly all is at the first token', () => {
    const M = [
      [1, 0, 0],
      [0.5, 0.5, 0],
      [0.2, 0.3, 0.5],
    ]
    const Z = M.flat().map((x) => (x === 0 ? -1e9 : 0.1 * Math.log(x)))
    const [{ data }] = evaluate([walked(constant(Z, [1, 1, 3, 3]))], new Map())
    for (const [at, expected] of [0.947917, 0.041667, 0.010417].entries()) expect(data[at]).toBeCloseTo(expected, 5)
    expect([...data].reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 6)
  })

  it('joins heads by their root mean square', () => {
    const toFirst = [0, -1e9, 0, -1e9]
    const toSecond = [-1e9, 0, -1e9, 0]
    const [{ data }] = evaluate([walked(constant([...toFirst, ...toSecond], [1, 2, 2, 2]))], new Map())
    for (const value of data) expect(value).toBeCloseTo(Math.SQRT1_2, 6)
  })
})

describe('aim', () => {
  it('has the rates of the paper: from layer 14 to 22 of 28 down to none', () => {
    expect(Array.from({ length: 28 }, (_, layer) => rateAt(layer, 14, 22))).toEqual([
      ...new Array(14).fill(1),
      ...[0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0],
      ...new Array(6).fill(0),
    ])
  })

  it('drops ever more visual tokens and no text, none is left from layer l2 on', async () => {
    const { tokens } = await tiny.model.generate({
      prompt: 'what is it?',
      images: [picture()],
      method: parseMethod('aim:merge=1,from=0,to=.75'),
      maxTokens: 3,
    })
    expect(tokens.visual.layers).toEqual([16, 11, 5, 0])
    expect(tokens.visual.last).toBe(0)
  })

  it('changes no bit where nothing is merged or dropped', async () => {
    const dense = await prefill(tiny.model)
    const whole = await prefill(tiny.model, { method: parseMethod('aim:merge=1,from=1,to=1') })
    expect(whole.logits).toEqual(dense.logits)
  })
})
