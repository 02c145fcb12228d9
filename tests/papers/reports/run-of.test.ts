import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Paper, paper } from '../../../src/papers/paper.ts'
import { findPaper } from '../../../src/papers/registry.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import type { Part, Row } from '../../../src/papers/reports/row.ts'
import { partsOf, reproducible, requireRun, runOf } from '../../../src/papers/reports/run-of.ts'
import { claimsOf, standingOf } from '../../../src/papers/reports/standing.ts'

describe('the run of a paper', () => {
  const own = paper({
    ...findPaper('mmstar'),
    options: z.object({ share: z.number().default(0.25) }),
    run: async function* ({ part }, { share }) {
      yield { part, name: 'share', value: share, unit: 'x' }
    },
  })

  const collect = async (entry: Paper, part: Part) => {
    const rows: Row[] = []
    for await (const row of runOf(entry)!({ part } as Lab)) rows.push(row)
    return rows
  }

  it('is its own, with the defaults of its options, and owes checks and effect', async () => {
    expect(await collect(own, 'effect')).toEqual([{ part: 'effect', name: 'share', value: 0.25, unit: 'x' }])
    expect(claimsOf(own)).toEqual(['checks', 'effect'])
    expect(claimsOf({ ...own, claims: ['headline'] })).toEqual(['headline'])
    expect(partsOf(own)).toEqual(['checks', 'effect'])
    expect(partsOf({ ...own, claims: ['headline'] })).toEqual(['checks', 'effect', 'headline'])
  })

  it('holds invariants of a paper to zero, or to what they say themselves', async () => {
    const checked = paper({
      ...findPaper('mmstar'),
      run: undefined,
      options: z.object({ wrong: z.number().default(2) }),
      checks: async function* (_, { wrong }) {
        yield { name: 'right', value: 0 }
        yield { name: 'wrong', value: wrong, unit: 'tokens', reason: 'two are lost' }
        yield { name: 'said', value: 8, holds: true, note: 'of all items', count: 8 }
      },
    })
    expect(partsOf(checked)).toEqual(['checks'])
    expect(await collect(checked, 'checks')).toEqual([
      { part: 'checks', name: 'right', value: 0, unit: '', holds: true },
      { part: 'checks', name: 'wrong', value: 2, unit: 'tokens', holds: false, reason: 'two are lost' },
      { part: 'checks', name: 'said', value: 8, unit: '', holds: true, note: 'of all items', count: 8 },
    ])
    expect(standingOf(checked).state).toBe('runnable')
  })

  it('is the default one of what chooses tokens, and the checks of any other method', () => {
    const method = () => ({})
    const keep = z.object({ keep: z.number().default(1) })
    const partition = { ...findPaper('nvlm'), run: undefined, method }
    expect(partsOf({ ...partition, options: keep })).toEqual(['checks', 'effect', 'headline'])
    expect(partsOf({ ...partition, options: undefined })).toEqual(['checks'])
    expect(partsOf({ ...findPaper('merv'), run: undefined, options: undefined, method })).toEqual(['checks'])
    expect(partsOf(findPaper('keep-all'))).toEqual(['checks', 'effect'])
    expect(reproducible().map(({ id }) => id)).toEqual(expect.arrayContaining(['fastv', 'keep-all', 'visionzip']))
    expect(claimsOf(findPaper('fastv'))).toEqual(['checks', 'effect', 'headline'])
    expect(claimsOf({ ...findPaper('merv'), method })).toEqual(['checks', 'effect'])
  })

  it('is missed by name', () => {
    const described = { ...findPaper('survey-vlm'), run: undefined, method: undefined, checks: undefined }
    expect(() => requireRun(described)).toThrow('survey-vlm has neither a method nor a run yet')
    expect(standingOf(described).state).toBe('described')
  })
})
