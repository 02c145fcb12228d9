import { describe, expect, it } from 'vitest'
import { chance, majorityAnswer } from '../../src/evaluation/majority.ts'
import { meanProportion, wilson } from '../../src/evaluation/proportion.ts'
import { boxIou, parseBox, scoreAnswer } from '../../src/evaluation/score.ts'

describe('wilson', () => {
  it.each([
    // Newcombe 1998, Two-sided confidence intervals for the single proportion, table I, method 3.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (successes, count, low, high) => {
    const found = wilson(successes, count)
    expect(found.low).toBeCloseTo(low, 4)
    expect(found.high).toBeCloseTo(high, 4)
  })

  it('means are tighter than their parts', () => {
    const part = wilson(40, 50)
    const mean = meanProportion([part, part, part, part])
    expect(mean.share).toBeCloseTo(0.8)
    expect(mean.share - mean.low).toBeCloseTo((part.share - part.low) / 2)
    expect(mean.high - mean.share).toBeCloseTo((part.high - part.share) / 2)
  })
})

describe('scores', () => {
  it('reads boxes and nothing that only resembles one', () => {
    expect(parseBox(' 1,2, 3,4')).toEqual([1, 2, 3, 4])
    for (const text of ['1,2,3', '1,2,3,4,5', '-1,2,3,4', 'a 1,2,3,4', '']) expect(parseBox(text)).toBeUndefined()
  })

  it('measures overlap', () => {
    expect(boxIou([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1)
    expect(boxIou([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3)
    expect(boxIou([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0)
    expect(boxIou([10, 10, 0, 0], [0, 0, 10, 10])).toBe(0)
    expect(boxIou([5, 5, 5, 5], [5, 5, 5, 5])).toBe(0)
  })

  it('judges boxes by overlap and other answers by equality', () => {
    expect(scoreAnswer({ answer: '0,0,10,10' }, '0,0,10,6')).toEqual({ correct: true, iou: 0.6 })
    expect(scoreAnswer({ answer: '0,0,10,10' }, 'no')).toEqual({ correct: false, iou: 0 })
    expect(scoreAnswer({ answer: 'ABC' }, ' abc ')).toEqual({ correct: true })
    expect(scoreAnswer({ answer: 'yes' }, 'yes yes')).toEqual({ correct: false })
  })
})

describe('answers without looking', () => {
  it('takes the most frequent answer, the median box, and those that dialogues alone ask for', () => {
    expect(['yes', 'no']).toContain(majorityAnswer('exist', 1))
    expect(parseBox(majorityAnswer('box', 1))).toBeDefined()
    expect(majorityAnswer('fill', 1)).not.toBe('')
    expect(majorityAnswer('count', 1)).toBe(majorityAnswer('count', 1))
  })

  it('guesses among the allowed answers', () => {
    expect(chance({ task: 't', question: '', answer: 'a', candidates: ['a', 'b', 'c', 'd'] })).toBe(0.25)
    expect(chance({ task: 't', question: '', answer: 'a' })).toBe(0)
  })
})
