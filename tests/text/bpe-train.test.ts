import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { trainBpe } from '../../src/text/bpe-train.ts'
import { createTokenizer, type TokenizerJson } from '../../src/text/tokenizer.ts'
import { SPECIAL, tokenizer, trained } from './tiny-tokenizer.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })

function pieces(text: string): string[] {
  return tokenizer.encode(text).map((id) => tokenizer.decode([id]))
}

test('any text comes back exactly, in the library itself', () => {
  const library = new Tokenizer(trained.tokenizer, trained.config)
  const plain = anyText.filter((text) => text !== '' && !SPECIAL.some((token) => text.includes(token)))
  fc.assert(
    fc.property(plain, (text) => {
      const { ids } = library.encode(text, { add_special_tokens: false })
      expect(library.decode(ids)).toBe(text)
    }),
    { numRuns: 500 },
  )
})

test('words merge with the space before them', () => {
  expect(pieces('the red circles')).toContain(' red')
})

test('digits and capitals are tokens of their own, and so is the space before them', () => {
  expect(pieces('A 12 of ABC 2024')).toEqual(['A', ' ', '1', '2', ' of', ' ', 'A', 'B', 'C', ' ', '2', '0', '2', '4'])
})

test('no token of the vocabulary joins a digit or capital to anything, even with a pattern that would', () => {
  const { tokenizer: json } = trainBpe(['AB AB 12 12 the THE aB1'.repeat(50)], {
    vocabSize: 300,
    specialTokens: [],
    pattern: '.+',
  })
  const merges = (json.model as { merges: [string, string][] }).merges
  expect(merges.length).toBeGreaterThan(0)
  for (const merge of merges) expect(merge.join('')).not.toMatch(/[A-Z0-9]/)
})

test('special tokens take the first ids, bytes follow', () => {
  expect(SPECIAL.map(tokenizer.tokenToId)).toEqual([0, 1, 2, 3, 4, 5])
  expect(tokenizer.tokenToId('Ā')).toBe(SPECIAL.length) // byte 0
  expect(tokenizer.vocabSize).toBe(360)
})

test('training is repeatable and stops when nothing is left to merge', () => {
  const train = () => trainBpe(['ab ab ab'], { vocabSize: 1000, specialTokens: [] }).tokenizer
  expect(train()).toEqual(train())
  expect((train().model as { merges: unknown }).merges).toEqual([
    ['a', 'b'],
    ['Ġ', 'ab'],
  ])
})

test.each([
  [{ vocabSize: 256, specialTokens: ['<s>'] }, 'at least 257'],
  [{ vocabSize: 300, specialTokens: ['<s>', '<s>'] }, 'listed twice'],
  [{ vocabSize: 300, specialTokens: [], roles: { eos_token: '</s>' } }, '"</s>" has a role'],
])('%o is refused', (options, message) => {
  expect(() => trainBpe([], options)).toThrow(message)
})

test('a vocabulary goes on from another one, whose ids stay', () => {
  const known = (trained.tokenizer.model as { merges: [string, string][] }).merges
  const corpus = ['¿cuántos anillos amarillos hay? hay tres anillos amarillos.'.repeat(3)]
  const wider = trainBpe(corpus, { vocabSize: 400, specialTokens: SPECIAL, known })
  const vocabularies = [trained, wider].map(({ tokenizer: { model } }) => (model as { vocab: object }).vocab)
  expect(Object.entries(vocabularies[1]).slice(0, 360)).toEqual(Object.entries(vocabularies[0]))
  expect(Object.keys(vocabularies[1]).length).toBeGreaterThan(360)
  const longer = createTokenizer(wider.tokenizer as unknown as TokenizerJson, wider.config)
  expect(longer.encode(corpus[0]).length).toBeLessThan(tokenizer.encode(corpus[0]).length)
  expect(longer.decode(longer.encode(corpus[0]))).toBe(corpus[0])
})
