import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/evaluation/world.ts'
import { gridOf } from '../../../src/papers/bench/arms.ts'
import { FLOPS, paretoPlot } from '../../../src/papers/bench/pareto-plot.ts'
import { pointOf } from '../../../src/papers/bench/points.ts'
import { csvOf } from '../../../src/papers/bench/table.ts'

const answer = (task: string, index: number, correct: boolean, prefill: number): Answer => ({
  set: 'world',
  task,
  index,
  question: '?',
  answer: 'a',
  reply: correct ? 'a' : 'b',
  correct,
  chance: 0.5,
  heldOut: false,
  visualTokens: { before: 16, after: 4, mean: 8 },
  flops: { vision: 1, prefill, decode: 1 },
  milliseconds: 1,
})

/** Four questions of a local task, four of a global one, and a dialogue of three turns, twice. */
const answers = (marks: string, prefill: number): Answer[] =>
  [...marks].map((mark, at) => {
    if (at < 4) return answer('read', at, mark === '1', prefill)
    if (at < 8) return answer('count', at - 4, mark === '1', prefill)
    return answer('dialogue', Math.floor((at - 8) / 3), mark === '1', 0)
  })

describe('a point', () => {
  const dense = [answers('11111111111111', 100)]
  const resize = [answers('00110011110110', 25)]
  const own = [answers('10110001100100', 40)]
  const point = pointOf({ label: 'x', keep: 0.25, method: 'x:keep=0.25' }, own, { dense, resize }, 1)

  it('counts tasks alike, local and global ones apart', () => {
    expect(point.questions).toBe(14)
    expect(point.accuracy.share).toBeCloseTo((3 / 4 + 1 / 4 + 2 / 6) / 3)
    expect(point.local!.share).toBeCloseTo(3 / 4)
    expect(point.global!.share).toBeCloseTo(1 / 4)
    expect(point.retention).toBeCloseTo(point.accuracy.share)
  })

  it('tells first turns of a dialogue from later ones', () => {
    expect(point.turns!.first.share).toBe(1)
    expect(point.turns!.later.share).toBe(0)
  })

  it('says where it is right and a smaller picture is not', () => {
    // resize fails at 0, 1, 4, 5, 10, 13; it is right at 0 alone of them
    expect(point.needed).toMatchObject({ count: 6 })
    expect(point.needed!.share).toBeCloseTo(1 / 6)
    expect(point.p).toBeCloseTo(0.625) // one question better, three worse: 2 (1 + 4) / 16
    expect(point.against.resize!.mean).toBeCloseTo((1 / 4 - 1 / 4 - 2 / 6) / 3)
  })

  it('counts what a prefill costs, of questions that came with their picture', () => {
    expect(point.flops).toBeCloseTo(0.4)
    expect(point.tokens).toEqual({ before: 16, mean: 8, last: 4 })
  })

  it('is drawn and written out', () => {
    const plain = pointOf({ label: 'dense', method: 'dense' }, dense, { dense }, 1)
    expect(paretoPlot([plain, point], FLOPS)).toContain('x at 25 %')
    expect(paretoPlot([plain], FLOPS)).toBe('')
    const [head, ...rows] = csvOf([plain, point]).trim().split('\n')
    expect(rows.length).toBe(2)
    expect(rows[1].startsWith('x,0.25,')).toBe(true)
    expect(head.split(',').length).toBeGreaterThan(10)
  })
})

describe('a grid', () => {
  it('has baselines at every share, and methods at each unless they state theirs', () => {
    const { baselines, own } = gridOf(['fastv', 'visionzip:keep=.3', 'random'], [0.25, 0.5], 'keep')
    expect(baselines.map(({ label, keep }) => `${label} ${keep}`)).toEqual([
      'random 0.5',
      'resize 0.5',
      'random 0.25',
      'resize 0.25',
    ])
    expect(baselines[0].methods.length).toBe(3)
    expect(baselines[0].methods[0].name).toContain('ids=keep')
    expect(own.map(({ label, keep }) => [label, keep])).toEqual([
      ['fastv', 0.5],
      ['fastv', 0.25],
      ['visionzip:keep=.3', undefined],
    ])
  })

  it.each([
    [['fastv'], [0], 'keep_invalid'],
    [['fastv'], [1.5], 'keep_invalid'],
    [['fastv'], [Number.NaN], 'keep_invalid'],
    [['fastv', 'fastv'], [0.5], 'arm_twice'],
    [['fatsv'], [0.5], 'unknown_method'],
  ])('refuses %j at %j: %s', (labels, keeps, code) => {
    expect(() => gridOf(labels, keeps)).toThrow(expect.objectContaining({ code, kind: 'usage' }))
  })
})
