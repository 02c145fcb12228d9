import { describe, expect, it } from 'vitest'
import { modelCard, targetLines } from '../../src/evaluation/model-card.ts'
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

describe('summaries', () => {
  const rows = [
    ...Array.from({ length: 8 }, () => row({})),
    ...Array.from({ length: 2 }, () => row({ correct: false, heldOut: true, blindCorrect: true })),
    row({ task: 'box', iou: 0.7 }),
    row({ task: 'box', iou: 0.3, correct: false }),
  ]
  const summary = summarise(rows)

  it('count every task alike in the mean', () => {
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

  it('say plainly which targets were missed', () => {
    expect(targetLines(summary)).toEqual([
      '- mean accuracy: 65.0 %, target at least 85.0 %: **missed**',
      '- weakest task (box): 50.0 %, target at least 65.0 %: **missed**',
      '- mean box IoU: 0.500, target at least 0.6: **missed**',
      '- blind accuracy: 10.0 %, target below 45.0 %: met',
    ])
  })

  it('make a card with both tables and the command', () => {
    const facts = { parameters: 4_580_000, visualTokens: 144, imageSize: 96, seed: 1, split: 'test' }
    const card = modelCard({ ...facts, world: summary, drawings: summarise([row({})]), command: 'fovea eval world' })
    expect(card).toContain('4.58 million')
    expect(card.match(/\| task \|/g)).toHaveLength(2)
    expect(card).toContain('```sh\nfovea eval world\n```')
    expect(card).not.toMatch(/NaN|undefined/)
  })

  it('are zeros of nothing', () => {
    expect(summarise([]).average).toMatchObject({ count: 0, blind: 0 })
  })
})
