import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { PATCHES, type Prefill, prefill, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
let untouched: Prefill
beforeAll(async () => {
  tiny = await tinyModel()
  untouched = await prefill(tiny.model)
})
afterAll(() => tiny.close())

describe('keeping everything', () => {
  it.each([
    'keep-all',
    'keep-all:layer=1+keep-all:layer=3',
    'fastv:keep=1',
    'random:keep=1',
    'resize:keep=1',
    'visionzip:keep=1',
    'visionzip:keep=1+random:keep=1+fastv:keep=1+keep-all:layer=3',
  ])('%s: logits equal those of the untouched model bit by bit', async (text) => {
    const result = await prefill(tiny.model, { method: parseMethod(text) })
    expect(result.logits).toEqual(untouched.logits)
    expect(result.kept).toEqual(Array.from({ length: PATCHES }, (_, at) => at))
    expect(result.rows).toEqual(untouched.rows)
  })

  it('is a check that could fail: dropping one token changes the logits', async () => {
    const { logits } = await prefill(tiny.model, { method: parseMethod('fastv:layer=2,keep=.9') })
    expect(logits).not.toEqual(untouched.logits)
  })
})
