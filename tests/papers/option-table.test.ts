import { expect, it } from 'vitest'
import { z } from 'zod'
import { optionTable } from '../../src/papers/option-table.ts'
import { findPaper } from '../../src/papers/registry.ts'

const rowsOf = (options: z.ZodObject) =>
  optionTable({ ...findPaper('fastv'), options, method: () => ({}) }).map(({ name, byDefault, range }) => [
    name,
    byDefault,
    range,
  ])

it('says default, range and meaning of options as their schema does', () => {
  expect(optionTable(findPaper('fastv'))[1]).toEqual({
    name: 'keep',
    byDefault: '0.5',
    range: '0 to 1',
    about: 'share of the visual tokens that stay',
  })
  expect(optionTable(findPaper('slot-mllm'))).toEqual([])
})

it('has words for bounds of every kind', () => {
  const options = z.object({
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(9 / 14),
    below: z.number().min(0).lt(1).default(0.15625),
    least: z.number().min(0).default(1e9),
    any: z.number().default(0.8),
    whole: z.int().min(1).default(4),
    sign: z.int().optional(),
    on: z.boolean().default(true),
    one: z.enum(['a', 'b', 'c']).default('a'),
    counts: z.literal([192, 128]).optional(),
    words: z.string().optional(),
  })
  expect(rowsOf(options)).toEqual([
    ['share', '0.642857', 'above 0 to 1'],
    ['below', '0.15625', '0 to below 1'],
    ['least', '1000000000', 'from 0'],
    ['any', '0.8', 'any number'],
    ['whole', '4', 'whole, from 1'],
    ['sign', '', 'whole'],
    ['on', 'true', 'true or false'],
    ['one', 'a', 'a, b or c'],
    ['counts', '', '192 or 128'],
    ['words', '', 'text'],
  ])
})
