import { describe, expect, it } from 'vitest'
import {
  parseInterval,
  randomInterval,
  recall,
  recallAt,
  tIou,
} from '../../../../src/papers/evaluation/llm4vg/interval.ts'
import { groundingPrompt, PROMPTS, readDiary } from '../../../../src/papers/evaluation/llm4vg/prompt.ts'
import { Rng } from '../../../../src/world/rng.ts'

describe('tIoU', () => {
  it('is that of continuous seconds, symmetric, and free of shift and scale', () => {
    expect(tIou([12, 14], [11, 15])).toBe(0.5)
    expect(tIou([0, 10], [5, 15])).toBeCloseTo(1 / 3)
    expect([tIou([0, 1], [2, 3]), tIou([2, 5], [2, 5]), tIou([3, 3], [3, 3])]).toEqual([0, 1, 0])
    expect(tIou([5, 15], [0, 10])).toBe(tIou([0, 10], [5, 15]))
    expect(tIou([100, 120], [105, 125])).toBeCloseTo(tIou([0, 4], [1, 5]))
  })

  it('passes thresholds strictly, fewer the higher they are, more the more answers count', () => {
    expect([recall([0.5], 0.3), recall([0.5], 0.5), recall([0.5], 0.5, false)]).toEqual([1, 0, 1])
    const ranked = [
      [0.1, 0.9],
      [0.6, 0],
    ]
    expect([recallAt(ranked, 1, 0.5), recallAt(ranked, 2, 0.5)]).toEqual([0.5, 1])
    expect(recall([], 0.5)).toBe(0)
  })

  it('of random intervals is that of two sorted uniforms', () => {
    const rng = Rng.from(1, 'random')
    const ious = Array.from({ length: 10_000 }, () => tIou(randomInterval(1, rng), [0.3, 0.6]))
    expect(ious.reduce((sum, iou) => sum + iou, 0) / ious.length).toBeCloseTo(0.286, 1)
    expect(Math.abs(recall(ious, 0.3) - 0.503)).toBeLessThan(0.015)
  })
})

describe('an answer', () => {
  it.each([
    ['[12s, 15s]', 'brackets'],
    ['The event is at [12, 15].', 'brackets'],
    ['start time: 12s .. end time: 15s', 'start-end'],
    ['It happens from 12 to 15 seconds', 'from-to'],
    ['0:12 - 0:15', 'clock'],
    ['0012-0015', 'compact-clock'],
    ['12.0 - 15.0', 'dash'],
    ['between second 12 and second 15', 'first-two'],
  ])('%j is read as one interval, by the form %s', (text, form) => {
    expect(parseInterval(text, 60)).toEqual({ interval: [12, 15], form })
  })

  it('is put right where it is swapped or too long, and refused where it says nothing', () => {
    expect(parseInterval('[15, 12]', 60)!.interval).toEqual([12, 15])
    expect(parseInterval('[12, 150]', 60)!.interval).toEqual([12, 60])
    for (const text of ['', 'it is red', 'at 7', 'It cannot be determined between 2 and 3'])
      expect(parseInterval(text, 60), text).toBeUndefined()
  })
})

describe('a diary', () => {
  const lines = (says: string) =>
    [...says].map((yes, second) => ({ second, text: yes === '1' ? 'a ring. Yes' : 'a ring. no' }))

  it('is read by rule: the longest run that says yes, to where it no longer does', () => {
    expect(readDiary(lines('00111000'), 'x')).toEqual([2, 5])
    expect(readDiary(lines('10011'), 'x')).toEqual([3, 5])
    expect(readDiary(lines('0000'), 'x')).toBeUndefined()
    expect(readDiary([], 'x')).toBeUndefined()
  })

  it('stands in three prompts, the question last', () => {
    const prompts = PROMPTS.map((type) => groundingPrompt(lines('01'), 'a ring turns', type))
    for (const prompt of prompts) {
      expect(prompt).toContain('1s: a ring. Yes')
      expect(prompt.endsWith('Query: a ring turns')).toBe(true)
    }
    expect(prompts.map((prompt) => prompt.includes('example'))).toEqual([false, true, true])
    expect(prompts.map((prompt) => prompt.includes('suitable'))).toEqual([false, false, true])
  })
})
