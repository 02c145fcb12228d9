import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { paper } from '../../../src/papers/paper.ts'
import { findPaper } from '../../../src/papers/registry.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { reproducible, requireRun, runOf } from '../../../src/papers/reports/run-of.ts'
import { claimsOf } from '../../../src/papers/reports/standing.ts'

describe('the run of a paper', () => {
  const own = paper({
    ...findPaper('mmstar'),
    options: z.object({ share: z.number().default(0.25) }),
    run: async function* ({ part }, { share }) {
      yield { part, name: 'share', value: share, unit: 'x' }
    },
  })

  it('is its own, with the defaults of its options, and owes checks and effect', async () => {
    const rows: Row[] = []
    for await (const row of runOf(own)!({ part: 'effect' } as Lab)) rows.push(row)
    expect(rows).toEqual([{ part: 'effect', name: 'share', value: 0.25, unit: 'x' }])
    expect(claimsOf(own)).toEqual(['checks', 'effect'])
    expect(claimsOf({ ...own, claims: ['headline'] })).toEqual(['headline'])
  })

  it('is the default one of what chooses tokens or views, and of nothing else', () => {
    const method = () => ({})
    expect(runOf({ ...findPaper('nvlm'), method })).toBeDefined()
    expect(runOf({ ...findPaper('merv'), kind: ['encoder'], method })).toBeUndefined()
    expect(reproducible().map(({ id }) => id)).toEqual(expect.arrayContaining(['fastv', 'keep-all', 'visionzip']))
    expect(claimsOf(findPaper('fastv'))).toEqual(['checks', 'effect', 'headline'])
  })

  it('is missed by name', () => {
    expect(() => requireRun(findPaper('mmstar'))).toThrow('mmstar has neither a method nor a run yet')
    expect(() => requireRun({ ...findPaper('merv'), kind: ['encoder'], method: () => ({}) })).toThrow('but no run')
  })
})
