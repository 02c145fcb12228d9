import { expect, it } from 'vitest'
import { f32 } from '../../../src/runtime/index.ts'
import { growVocabulary } from '../../../src/training/mini/grow.ts'

const table = f32([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6))
const values = new Map([
  ['model.embed_tokens.weight', table],
  ['lm_head.weight', table],
  ['model.layers.0.mlp.up_proj.weight', table],
])
const texts = ['a', 'b', 'c', 'ab', 'ccb']
const from = { encode: (text: string) => [...text].map((letter) => 'abc'.indexOf(letter)) }
const to = { vocabSize: 5, decode: (ids: readonly number[]) => ids.map((id) => texts[id]).join('') }

it('gives a new token the mean of the rows that its text had before, and leaves all others', () => {
  const grown = growVocabulary(values, from, to)
  for (const name of ['model.embed_tokens.weight', 'lm_head.weight']) {
    expect(grown.get(name)!.dims).toEqual([5, 2])
    const rows = Array.from(grown.get(name)!.data, Number)
    expect(rows.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6])
    const expected = [2, 3, 13 / 3, 16 / 3]
    for (const [at, value] of rows.slice(6).entries()) expect(value).toBeCloseTo(expected[at], 5)
  }
  expect(grown.get('model.layers.0.mlp.up_proj.weight')).toBe(table)
})
