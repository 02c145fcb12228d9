import { describe, expect, it } from 'vitest'
import { findPaper, papers } from '../../../src/papers/registry.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { standingOf } from '../../../src/papers/reports/standing.ts'
import { claim, resultsOf } from './rows.ts'

const fastv = findPaper('fastv')
const now = { 'models/fovea-mini': 'abc' }
const standing = (...rows: Row[]) => standingOf(fastv, resultsOf('fastv', rows), now)
const [checks, effect] = [claim('checks'), claim('effect')]

describe('the state of a paper', () => {
  it('is described without a method, and runnable without results', () => {
    expect(standingOf(findPaper('eve'))).toMatchObject({ state: 'described', stale: [] })
    expect(standingOf(fastv)).toEqual({ state: 'runnable', reasons: ['checks: not measured'], stale: [] })
  })

  it('is the last part of which all claims hold', () => {
    expect(standing(checks)).toMatchObject({ state: 'checks', reasons: ['effect: not measured'] })
    expect(standing(checks, effect)).toMatchObject({ state: 'effect', reasons: ['headline: not measured'] })
    expect(standing(effect)).toMatchObject({ state: 'runnable', reasons: ['checks: not measured'] })
  })

  it('is not moved by figures that claim nothing, nor by what is undecided', () => {
    const figure = claim('effect', { holds: undefined })
    expect(standing(checks, figure)).toMatchObject({ state: 'checks', reasons: ['effect: nothing is claimed'] })
    const open = claim('effect', { holds: 'undecided', reason: 'too few questions' })
    const reasons = ['effect: claim of effect: too few questions']
    expect(standing(checks, open)).toMatchObject({ state: 'checks', reasons })
  })

  it('is green when all that it owes is counted and timed at its own shapes', () => {
    const embedded = claim('headline', { shapes: 'embedded', timed: true })
    expect(standing(checks, effect, embedded).reasons[0]).toContain("not measured at the paper's own")
    const counted = claim('headline', { name: 'FLOPs', shapes: 'true' })
    expect(standing(checks, effect, counted)).toMatchObject({ state: 'effect' })
    const timed = claim('headline', { name: 'time', shapes: 'true', timed: true })
    expect(standing(checks, effect, counted, timed)).toEqual({ state: 'green', reasons: [], stale: [] })
  })

  it('is refuted by a claim that does not hold, with the reason', () => {
    const lost = claim('effect', { holds: false, reason: 'it is worse than random pruning here' })
    const reasons = ['effect: claim of effect: it is worse than random pruning here']
    expect(standing(checks, lost)).toMatchObject({ state: 'refuted', reasons })
  })

  it('is runnable where an invariant is broken: that is a fault of ours, not of the paper', () => {
    expect(standing(claim('checks', { holds: false, reason: 'changes logits' }), effect)).toMatchObject({
      state: 'runnable',
      reasons: ['checks: claim of checks: changes logits'],
    })
  })

  it('of a baseline is green with its checks', () => {
    const random = findPaper('random')
    expect(standingOf(random, resultsOf('random', [checks]), now)).toMatchObject({ state: 'green' })
  })

  it('says what has changed since, and keeps what was measured', () => {
    const results = resultsOf('fastv', [checks, effect], { depends: { 'models/fovea-mini': 'old', gone: 'x' } })
    expect(standingOf(fastv, results, now)).toMatchObject({
      state: 'effect',
      stale: ['models/fovea-mini has changed since', 'gone has changed since'],
    })
    const other = resultsOf('fastv', [checks], { model: 'models/other', depends: now })
    expect(standingOf(fastv, other, now).stale).toEqual(['measured on models/other, not on models/fovea-mini'])
  })

  it('of every paper is computed without results', () => {
    for (const entry of papers)
      expect(standingOf(entry).state).toBe(entry.method || entry.run || entry.checks ? 'runnable' : 'described')
  })
})
