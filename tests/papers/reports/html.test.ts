import { describe, expect, it } from 'vitest'
import { findPaper } from '../../../src/papers/registry.ts'
import { reportHtml } from '../../../src/papers/reports/html.ts'
import { standingOf } from '../../../src/papers/reports/standing.ts'
import { claim, resultsOf } from './rows.ts'

describe('the HTML report', () => {
  const rows = [
    claim('effect', {
      name: 'better than <random> & "co"',
      value: 12.34,
      interval: [3.21, 21.5],
      baseline: { name: 'random', value: 61.25, unit: '%' },
      paper: { value: 9.5, unit: 'points', where: 'table 2' },
    }),
    claim('effect', { name: 'no better', value: -1, interval: [-4, 2], holds: false, reason: 'it is not' }),
    claim('checks', { name: 'logits', value: 0, unit: '' }),
  ]
  const results = resultsOf('fastv', rows)
  const html = reportHtml(findPaper('fastv'), results.parts, standingOf(findPaper('fastv'), results))

  it('holds every number: value, interval, baseline, the paper and the verdict', () => {
    for (const text of ['+12.3 points', '+3.2 to +21.5', 'random 61.3 %', '+9.5 points (table 2)', 'holds'])
      expect(html).toContain(text)
    expect(html).toContain('does not hold: it is not')
    expect(html).toContain('models/fovea-mini, test split, seed 1, 40 images a task')
  })

  it('draws intervals and the figure of the paper', () => {
    expect(html.match(/<svg /g)).toHaveLength(1) // of the effect; checks have no interval
    expect(html.match(/<circle /g)).toHaveLength(2)
    expect(html.match(/<path /g)).toHaveLength(1)
  })

  it('needs nothing else, and text cannot break out of it', () => {
    expect(html).not.toMatch(/<(script|link|img)|src=|url\(/)
    expect(html).toContain('better than &lt;random&gt; &amp; &quot;co&quot;')
    expect(html).not.toContain('<random>')
  })
})
