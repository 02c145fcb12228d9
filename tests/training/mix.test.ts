import { describe, expect, it } from 'vitest'
import { mix } from '../../src/training/mix.ts'

describe('mix', () => {
  const streams = [
    { stream: (step: number) => `a${step}`, weight: 3 },
    { stream: (step: number) => `b${step}`, weight: 1 },
  ]

  it('is a function of the step: any order of asking gives the same batches', () => {
    const first = mix(streams, 5)
    const forwards = Array.from({ length: 40 }, (_, step) => first(step))
    const second = mix(streams, 5)
    const backwards = Array.from({ length: 40 }, (_, step) => second(39 - step)).reverse()
    expect(backwards).toEqual(forwards)
    expect(forwards.every((batch, step) => batch.slice(1) === String(step))).toBe(true)
  })

  it('draws streams by weight', () => {
    const drawn = Array.from({ length: 4000 }, (_, step) => mix(streams, 1)(step)[0])
    const share = drawn.filter((name) => name === 'a').length / drawn.length
    expect(share).toBeGreaterThan(0.72)
    expect(share).toBeLessThan(0.78)
  })
})
