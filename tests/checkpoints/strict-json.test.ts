import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OddNumber, parseStrictJson, type StrictJson } from '../../src/checkpoints/strict-json.ts'

function plain(value: StrictJson): unknown {
  if (value instanceof OddNumber) return Number(value.text)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  return Array.isArray(value) ? value.map(plain) : value
}

test('agrees with JSON.parse on every document', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      expect(plain(parseStrictJson(text))).toEqual(JSON.parse(text))
    }),
  )
})

test('refuses whatever JSON.parse refuses', () => {
  const alphabet = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', 'a', '\\', '1', '-', '.', 'e', ' ', 'true', '\n')
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 8 }), (parts) => {
      const text = parts.join('')
      let valid = true
      try {
        JSON.parse(text)
      } catch {
        valid = false
      }
      if (!valid) expect(() => parseStrictJson(text)).toThrow(SyntaxError)
    }),
    { numRuns: 3000 },
  )
})

test('numbers that JavaScript would change are kept as written', () => {
  expect(parseStrictJson('[1, 9007199254740993, -1, 1e400]')).toEqual([
    1,
    new OddNumber('9007199254740993'),
    new OddNumber('-1'),
    new OddNumber('1e400'),
  ])
})
