import { expect, it } from 'vitest'
import { gridOf } from '../../../src/papers/bench/arms.ts'

const own = (name: string) => ({ label: 'mine', at: (keep: number) => ({ name: `${name} ${keep}` }) })

it('a reducer of one’s own stands in the grid at every share, under a name that changes with its text', () => {
  const { own: arms } = gridOf(['divprune'], [0.25, 0.5], undefined, [own('x')])
  expect(arms.map(({ label, keep }) => `${label} ${keep}`)).toEqual([
    'divprune 0.5',
    'divprune 0.25',
    'mine 0.5',
    'mine 0.25',
  ])
  expect(arms[3].methods[0].name).toMatch(/^mine:keep=0\.25 \(x 0\.25, [0-9a-f]{8}\)$/)
  const other = { label: 'mine', at: (keep: number) => ({ name: `x ${keep}`, see: {} }) }
  const [[before], [after]] = [own('x'), other].map((reducer) => gridOf([], [0.25], undefined, [reducer]).own)
  expect(after.methods[0].name).not.toBe(before.methods[0].name)
})

it.each(['divprune', 'resize'])('refuses one that is called %s, as another is', (label) => {
  const reducers = [{ ...own('x'), label }]
  expect(() => gridOf(['divprune'], [0.25], undefined, reducers)).toThrow(`${label} was given twice`)
})
