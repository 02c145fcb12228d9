import { describe, expect, it } from 'vitest'
import { findPaper } from '../../src/papers/registry.ts'
import type { Measured } from '../../src/papers/reports/catalogue.ts'
import { standingOf } from '../../src/papers/reports/standing.ts'
import { paperPages, stalePages } from '../../tools/paper-pages.ts'
import { claim, resultsOf } from '../papers/reports/rows.ts'
import { temporaryTree } from './workspace.ts'

const entry = findPaper('fastv')
const rows = [
  claim('checks', { name: 'a | b', value: 0, unit: '' }),
  claim('effect', { value: -3, interval: [-5, -1], holds: false, reason: 'it is worse' }),
]
const results = resultsOf('fastv', rows)
const fastv: Measured = { entry, results, standing: standingOf(entry, results, { 'models/fovea-mini': 'abc' }) }
const aim: Measured = { entry: findPaper('aim'), standing: standingOf(findPaper('aim')) }
const described: Measured = { entry: findPaper('slot-mllm'), standing: standingOf(findPaper('vamos')) }

describe('pages of papers', () => {
  const pages = paperPages([fastv, aim, described])

  it('are an index and one page for each paper that can be run or was measured', () => {
    expect([...pages.keys()]).toEqual(['README.md', 'fastv.md', 'aim.md'])
    expect(pages.get('README.md')).toContain(
      '| [FastV](fastv.md) | reducer | refuted | effect: claim of effect: it is worse |',
    )
    expect(pages.get('README.md')).not.toContain('slot-mllm.md')
  })

  it('hold claim, measurement and how to measure again', () => {
    const page = pages.get('fastv.md')!
    expect(page).toContain('State: **refuted**.')
    expect(page).toContain('| claim of effect | -3.0 points | -5.0 to -1.0 |  |  | does not hold: it is worse |')
    expect(page).toContain('| a \\| b | 0 |')
    expect(page).toContain('`fovea reproduce fastv --only effect --seed 1 --n 40`')
  })

  it('are out of date when changed, missing or too many', () => {
    const folder = temporaryTree({ ...Object.fromEntries(pages), 'fastv.md': 'other', 'gone.md': 'old' })
    expect(stalePages(folder, pages)).toEqual(['fastv.md', 'gone.md'])
    expect(stalePages(`${folder}/none`, pages)).toEqual(['README.md', 'aim.md', 'fastv.md'])
  })
})
