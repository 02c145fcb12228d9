import { describe, expect, it } from 'vitest'
import { bitOperations, meanTokens } from '../../../src/papers/evaluation/llmc-plus/budgets.ts'
import { saysSomewhere, turnScore } from '../../../src/papers/evaluation/llmc-plus/multi-turn.ts'

const entries = (...turns: [boolean, boolean][]) => turns.map((each) => ({ turns: each }))

describe('the two-turn score', () => {
  it('is 2 of 3 in the worked example: each question is looked up in the entry of the other order', () => {
    const worked = entries([true, false], [true, true], [true, true], [false, true])
    expect(turnScore(worked)).toEqual({ first: 3, both: 2, score: 2 / 3 })
  })

  it('asks nothing of what was not known at first', () => {
    expect(turnScore(entries([false, true], [false, true]))).toEqual({ first: 0, both: 0, score: 1 })
    expect(turnScore(entries([true, true], [false, false]))).toEqual({ first: 1, both: 0, score: 0 })
  })

  it('may be judged as the toolkit does, which finds short truths inside of other words', () => {
    expect(saysSomewhere('Red', 'the star is red')).toBe(true)
    expect(saysSomewhere('no', 'another one')).toBe(true)
    expect(saysSomewhere('red', '')).toBe(false)
  })
})

describe('budgets', () => {
  it('average over the layers: FastV at layer 3 of 32 leaves 170 of 576 where it keeps 128', () => {
    expect(meanTokens(576, 128, { from: 3, layers: 32 })).toBe(170)
    expect(meanTokens(576, 576, { from: 3, layers: 32 })).toBe(576)
  })

  it('price 4 bits of all tokens like 16 bits of a quarter', () => {
    expect(bitOperations(1, 4)).toBe(0.25)
    expect(bitOperations(0.25, 16)).toBe(0.25)
  })
})
