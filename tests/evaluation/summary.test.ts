import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/evaluation/summary.ts'
import type { ResultRow } from '../../src/evaluation/world.ts'

const row = (change: Partial<ResultRow>): ResultRow => ({
  set: 'world',
  task: 'count',
  index: 0,
  question: 'q',
  answer: 'a',
  reply: 'a',
  correct: true,
  blindReply: 'b',
  blindCorrect: false,
  majorityCorrect: false,
  chance: 0.5,
  heldOut: false,
  visualTokens: { before: 144, after: 72 },
  flops: { vision: 0, prefill: 0, decode: 0 },
  milliseconds: 10,
  ...change,
})

describe('summaries of shapes', () => {
  it('count every task alike in the mean, beside the cost of a question', () => {
    const summary = summarise([
      ...Array.from({ length: 8 }, () => row({})),
      ...Array.from({ length: 2 }, () => row({ correct: false, heldOut: true, blindCorrect: true })),
      row({ task: 'box', iou: 0.7 }),
      row({ task: 'box', iou: 0.3, correct: false }),
    ])
    expect(summary.tasks.map(({ task, count, accuracy }) => [task, count, accuracy.share])).toEqual([
      ['count', 10, 0.8],
      ['box', 2, 0.5],
    ])
    expect(summary.average.accuracy.share).toBeCloseTo(0.65)
    expect(summary.average.blind).toBeCloseTo(0.1)
    expect(summary.tasks[1].meanIou).toBeCloseTo(0.5)
    expect(summary.heldOut).toMatchObject({ share: 0, count: 2 })
    expect(summary.seen.share).toBeCloseTo(0.9)
    expect(summary.visualTokens).toEqual({ before: 144, after: 72 })
  })

  it('are zeros of nothing', () => {
    expect(summarise([]).average).toMatchObject({ count: 0, blind: 0 })
  })
})
