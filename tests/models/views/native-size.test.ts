import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sizeWithin } from '../../../src/models/views/native-size.ts'

/** Recorded by tests/fixtures/native-size/make.py from Hugging Face transformers. */
interface Recorded {
  readonly count: number
  readonly budgets: readonly { patch: number; most: number; sha256: string; first: readonly number[][] }[]
}

const file = new URL('../../fixtures/native-size/expected.json', import.meta.url)
const { count, budgets }: Recorded = JSON.parse(readFileSync(file, 'utf8'))

it.each(budgets)(
  '$most patches of $patch pixels are shared out as in the reference',
  ({ sha256, first, ...budget }) => {
    const sizes = Array.from({ length: count }, (_, i) => {
      const given = { width: 1 + ((i * 7919) % 4099), height: 1 + ((i * 104729) % 3001) }
      const { width, height } = sizeWithin(given, budget)
      return [width, height]
    })
    expect(sizes.slice(0, first.length)).toEqual(first)
    expect(createHash('sha256').update(JSON.stringify(sizes)).digest('hex')).toBe(sha256)
  },
)
