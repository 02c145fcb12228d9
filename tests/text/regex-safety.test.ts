import { describe, expect, it } from 'vitest'
import { repeatsInRow } from '../../src/text/regex-safety.ts'

describe('repeats in a row', () => {
  it.each([
    ['[A-Z]|[0-9]| ?[a-z]+|[^a-zA-Z0-9]', 1],
    ["'s|'t|'re| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", 1],
    ["(?i:'s|'t|'re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+", 2],
    ['a*a*a*b', 3],
    ['a{0,100}b{2,}', 2],
    ['[+*]{3}\\+', 0],
    ['(a+)?b', 1],
    ['(?:a|aa)+b', Number.POSITIVE_INFINITY],
    ['(a+){1,90}', Number.POSITIVE_INFINITY],
    ['(a)\\1', Number.POSITIVE_INFINITY],
  ])('%s: %d', (source, repeats) => {
    expect(repeatsInRow(source)).toBe(repeats)
  })
})
