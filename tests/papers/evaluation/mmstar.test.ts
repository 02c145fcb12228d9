import { describe, expect, it } from 'vitest'
import { choiceTexts } from '../../../src/evaluation/choices.ts'
import { foundBy, hitsOf, keptOf } from '../../../src/papers/evaluation/mmstar/filter.ts'
import { meanOver, multiModalGain, multiModalLeakage } from '../../../src/papers/evaluation/mmstar/gain.ts'
import {
  letterPrompt,
  matchesOfficially,
  matchesStrictly,
  saysLetter,
} from '../../../src/papers/evaluation/mmstar/match.ts'
import {
  copyReader,
  nearestReader,
  pairReader,
  priorReader,
  type Reader,
  wordReader,
} from '../../../src/papers/evaluation/mmstar/readers.ts'

describe('the metrics', () => {
  it('give the published gain and leakage of LLaVA-NeXT-34B', () => {
    const scores = { seeing: 52.1, blind: 22.7, text: 20.3 }
    expect(multiModalGain(scores)).toBeCloseTo(29.4)
    expect(multiModalLeakage(scores)).toBeCloseTo(2.4)
    expect(multiModalLeakage({ blind: 20, text: 25 })).toBe(0)
    expect(multiModalGain({ seeing: 20, blind: 25 })).toBe(-5)
  })

  it('are averaged over benchmarks one by one: no leak is hidden by another base that was better', () => {
    const mean = meanOver([
      { seeing: 50, blind: 30, text: 20 },
      { seeing: 60, blind: 20, text: 40 },
    ])
    expect(mean).toEqual({ gain: 30, leakage: 5 })
  })
})

describe('the matchers', () => {
  it.each([
    ['B', 'B', true, true],
    ['(b) a ring', 'B', true, true],
    ['Option B', 'B', true, true],
    ['The answer is B.', 'B', true, true],
    ['\nB: red', 'B', true, true],
    ['Answer: B', 'B', false, true],
    ['Answer: B', 'A', true, false],
    ['A photo of a cat', 'A', true, false],
    ['blue', 'B', true, false],
    ['the option is B', 'B', false, false],
    ['', 'B', false, false],
  ])('judge %j for %s: official %s, strict %s', (answer, letter, official, strict) => {
    expect(matchesOfficially(answer, letter)).toBe(official)
    expect(matchesStrictly(answer, letter)).toBe(strict)
  })

  it('know whether a letter was said at all', () => {
    expect(['C', 'option d.', 'red', ''].map(saysLetter)).toEqual([true, true, false, false])
    expect(letterPrompt('which?', ['x', 'y'])).toContain('Options: A: x, B: y')
  })
})

describe('the filter', () => {
  const answers = [
    [true, false, true],
    [true, false, false],
  ]
  it('keeps what few models know blind, fewer the lower the threshold, everything at the highest', () => {
    expect(hitsOf(answers)).toEqual([2, 0, 1])
    expect([0, 1, 2].map((most) => keptOf(hitsOf(answers), most))).toEqual([
      [false, true, false],
      [false, true, true],
      [true, true, true],
    ])
    expect(hitsOf([])).toEqual([])
  })

  it('is held against what is known of the questions', () => {
    expect(foundBy([false, true, false, true], [true, true, false, false])).toEqual({
      removed: 2,
      right: 1,
      planted: 2,
    })
  })
})

describe('readers of text', () => {
  const read = [
    { question: 'what is 1 plus 2?', options: ['3', '4'], right: 0 },
    { question: 'what is 2 plus 2?', options: ['3', '4'], right: 1 },
    { question: 'what is 1 plus 3?', options: ['4', '5'], right: 0 },
    { question: 'what color is the ring?', options: ['red', 'blue'], right: 1 },
  ]
  it('answer by what was right most often, by words, by pairs of words, by likeness and by copying', () => {
    const item = { question: 'how much is 1 plus 2?', options: ['4', '3'] }
    expect(priorReader(read)(item)).toBe(0)
    expect(pairReader(read)(item)).toBe(1)
    expect(nearestReader(read)(item)).toBe(1)
    expect(wordReader(read)({ question: 'what color is the star?', options: ['3', 'blue'] })).toBe(1)
    expect(copyReader(read)({ question: 'what color is the red ring?', options: ['blue', 'red'] })).toBe(1)
    expect(copyReader(read)(item)).toBe(0)
  })

  it('know sums from the training split, and no picture', () => {
    const [train, test] = (['train', 'test'] as const).map((split) => choiceTexts({ split, seed: 1 }, 400))
    const sums = test.filter(({ planted }) => planted === 'sum')
    const visual = test.filter(({ task, planted }) => task === 'color' && !planted)
    const share = (items: typeof test, reader: Reader) =>
      items.filter((item) => reader(item) === item.right).length / items.length
    expect(share(sums, nearestReader(train))).toBeGreaterThan(0.8)
    expect(share(sums, pairReader(train))).toBeGreaterThan(0.4)
    for (const make of [priorReader, wordReader, pairReader, nearestReader, copyReader])
      expect(share(visual, make(train)), make.name).toBeLessThan(0.45)
  })
})
