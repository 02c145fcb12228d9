import { expect, it } from 'vitest'
import { type Fixture, supportMatrix, withMatrix } from '../../tools/support-matrix.ts'

const fixture: Fixture = {
  name: 'tiny',
  modelType: 'a',
  vision: 'clip',
  language: 'llama',
  declared: { vision: {}, prompt: {}, language: { heads: { count: 4, keyValue: 2, width: 8 } } },
  cases: [{ images: 1, videos: 0 }],
}

it('tells what is declared from what is recorded, and names what has no fixture', () => {
  const lines = supportMatrix([{ id: 'f', modelTypes: ['a', 'b'] }], [fixture]).split('\n')
  expect(lines[2]).toContain('| f | `a` | clip | llama | yes | not tested | no | no | yes | chat template |')
  expect(lines[3]).toMatch(/^\| f \| `b` \|.*\| none \|$/)
  expect(lines.at(-1)).toBe('| tiny | `a` | clip | llama | 4 on 2 (grouped) | 1 image |')
})

it('refuses a page without its marks', () => {
  expect(() => withMatrix('# Models', '')).toThrow('docs/models.md: it needs the lines')
})
