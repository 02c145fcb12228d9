import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeStream } from '../../src/text/decode-stream.ts'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import { hasNestedRepeat } from '../../src/text/regex-safety.ts'
import { createTokenizer, MAX_TEXT_LENGTH, type TokenizerJson } from '../../src/text/tokenizer.ts'
import { cpuTime } from '../cpu-time.ts'
import { SPECIAL, tokenizer, trained } from './tiny-tokenizer.ts'

const specialIds = new Set(SPECIAL.map((token) => tokenizer.tokenToId(token)!))
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SPECIAL, '<', '>', '|', 'im', '<ima', 'ge>', 'a', ' '),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
  )
  .map((parts) => parts.join(''))

describe('the reference library', () => {
  const fixtures = new URL('../fixtures/tokenizer/', import.meta.url)
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'))
  const cases: { text: string; special: number[]; plain: number[] }[] = read('cases.json').cases

  test('training gives the file that it was run on', () => {
    expect(JSON.parse(JSON.stringify(trained.tokenizer))).toEqual(read('tokenizer.json'))
  })

  test.each(cases)('gives the same ids for $text', ({ text, special, plain }) => {
    expect(tokenizer.encode(text, { special: true })).toEqual(special)
    expect(tokenizer.encode(text)).toEqual(plain)
  })
})

describe('special tokens', () => {
  test.each(SPECIAL)('%s as user text is text', (token) => {
    const ids = tokenizer.encode(`see ${token} here`)
    expect(ids.some((id) => specialIds.has(id))).toBe(false)
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(`see ${token} here`)
  })

  test('with special: true they are one token each', () => {
    const ids = tokenizer.encode('<s><image>the star</s>', { special: true })
    expect([ids[0], ids[1], ids.at(-1)]).toEqual([1, 3, 2])
    expect(ids.slice(2, -1)).toEqual(tokenizer.encode('the star'))
  })

  test('plain text of any kind yields no special id and comes back', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const ids = tokenizer.encode(text)
        expect(ids.some((id) => specialIds.has(id))).toBe(false)
        expect(tokenizer.decode(ids)).toBe(text)
      }),
    )
  })

  test('protected text stays text inside an assembled prompt, and its ids are those of the plain text', () => {
    fc.assert(
      fc.property(hostileText, (raw) => {
        const text = raw.replaceAll('\uFDD0', '')
        const ids = tokenizer.encode(`<|im_start|>${tokenizer.protect(text)}<|im_end|>`, { special: true })
        expect([ids[0], ids.at(-1)]).toEqual([4, 5])
        expect(ids.slice(1, -1)).toEqual(tokenizer.encode(text))
        expect(tokenizer.unprotect(tokenizer.protect(text))).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  test('two protected parts cannot join into a special token', () => {
    const joined = `${tokenizer.protect('a <ima')}${tokenizer.protect('ge> b')}`
    expect(tokenizer.encode(joined, { special: true })).toEqual(tokenizer.encode('a <image> b'))
  })

  test('tokens that overlap are both broken', () => {
    const json = {
      ...trained.tokenizer,
      added_tokens: ['xyx', 'yxz'].map((content, id) => ({ id, content, special: true })),
    }
    const overlapping = createTokenizer(json as unknown as TokenizerJson)
    expect(overlapping.encode(overlapping.protect('xyxz'), { special: true })).toEqual(overlapping.encode('xyxz'))
    expect(overlapping.decode(overlapping.encode('xyxz'), { skipSpecial: true })).toBe('xyxz')
  })

  test('a token named only in the configuration, or by the caller, is inert too', () => {
    const json = structuredClone(trained.tokenizer) as unknown as TokenizerJson
    for (const token of json.added_tokens!) token.special = false
    const named = createTokenizer(json, { eos_token: { content: '</s>' } }, ['<image>'])
    expect(named.encode('</s><image>').some((id) => id === 2 || id === 3)).toBe(false)
    expect(named.encode('</s><image>', { special: true })).toEqual([2, 3])
    expect(named.encode('<pad>')).toEqual([0])
  })

  test('what text becomes that has no token stays, although it is special', () => {
    const words = createTokenizer({
      normalizer: null,
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: null,
      decoder: null,
      added_tokens: ['[UNK]', '[SEP]'].map((content, id) => ({ id, content, special: true })),
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: { '[UNK]': 0, '[SEP]': 1, a: 2, '##b': 3 },
      },
    } as unknown as TokenizerJson)
    expect(words.encode('ab ü a')).toEqual([2, 3, 0, 2])
    expect(words.encode('[SEP]')).not.toContain(1)
  })
})

/** LLaMA style: no pre-tokenizer regex, a space mark before the first stretch only, special tokens in the vocabulary. */
function metaspaceTokenizer() {
  const vocab = ['<unk>', '<s>', '</s>', '▁', 'a', 'b', '▁a', '<', '/', 's', '>', '<s']
  const json = {
    normalizer: null,
    post_processor: null,
    added_tokens: [1, 2].map((id) => ({ id, content: vocab[id], special: true })),
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' },
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(vocab.map((token, id) => [token, id])),
      merges: [
        ['▁', 'a'],
        ['<', 's'],
        ['<s', '>'],
      ],
    },
  }
  return createTokenizer(json as unknown as TokenizerJson)
}

describe('space marks', () => {
  test('only the first stretch of a prompt gets one', () => {
    expect(metaspaceTokenizer().encode('a<s>a', { special: true })).toEqual([6, 1, 4])
    expect(metaspaceTokenizer().encode('<s>a', { special: true })).toEqual([1, 4])
  })

  test('merges that would build a special token are taken out', () => {
    const ids = metaspaceTokenizer().encode('<s>')
    expect(ids).not.toContain(1)
  })
})

describe('decoding', () => {
  test('an empty list is empty text, an unknown id is an error', () => {
    expect(tokenizer.decode([])).toBe('')
    for (const id of [-1, 360, 2 ** 31, Number.NaN]) expect(() => tokenizer.decode([5, id])).toThrow(`id ${id}`)
  })

  test('a stream gives the same text, never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const stream = decodeStream(tokenizer)
        const parts = tokenizer.encode(text).map((id) => stream.push(id))
        if (!text.includes('\uFFFD')) expect(parts.join('')).not.toContain('\uFFFD')
        expect(parts.join('') + stream.end()).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  test('a stream keeps the spaces of decoders that drop the first one', () => {
    const llama = metaspaceTokenizer()
    const stream = decodeStream(llama)
    const ids = llama.encode('a a b')
    expect(ids.map((id) => stream.push(id)).join('') + stream.end()).toBe('a a b')
  })

  test('an unfinished character appears as U+FFFD at the end only', () => {
    const stream = decodeStream(tokenizer)
    const [first] = tokenizer.encode('€')
    expect([stream.push(first), stream.end()]).toEqual(['', '\uFFFD'])
  })
})

describe('limits', () => {
  test.each(['a', '_', ' ', '^', '7', '😀', 'é', '\u0301', '\uD800', '<image>'])(
    '100 000 times %j takes no quadratic time',
    async (unit) => {
      expect(await cpuTime(() => tokenizer.encode(unit.repeat(100_000)))).toBeLessThan(3000)
    },
  )

  test('text above the limit is refused', () => {
    expect(() => tokenizer.encode('a'.repeat(MAX_TEXT_LENGTH + 1))).toThrow('the limit is 4000000')
  })

  test.each(['(a+)+$', '([a-z]*)*', '(?:(x|y+)z?)*', '((a+))+', '(a{2,}b)*'])('pattern %s is refused', (source) => {
    expect(hasNestedRepeat(source)).toBe(true)
    const json = {
      ...trained.tokenizer,
      pre_tokenizer: { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' },
    }
    expect(() => createTokenizer(json as unknown as TokenizerJson)).toThrow('exponential')
  })

  test.each([
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{M}]*[\\p{Ll}\\p{M}]+(?i:'s|'t)?|\\s+",
    '(a+)b+|\\(c+\\)+|[(+)]+',
  ])('pattern %s of a published tokenizer, or like one, is accepted', (source) => {
    expect(hasNestedRepeat(source)).toBe(false)
  })
})

describe('loadTokenizer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-tokenizer-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tokenizer.json')

  test('missing, truncated, without vocabulary, of an unknown kind', async () => {
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer_missing', kind: 'input' })
    const contents = ['{"model":', '[]', '{}', '{"model":{"type":"Odd","vocab":{}}}']
    for (const [i, code] of ['file_invalid', 'file_invalid', 'tokenizer_invalid', 'tokenizer_invalid'].entries()) {
      writeFileSync(path, contents[i])
      await expect(loadTokenizer(folder)).rejects.toMatchObject({ code, name: 'FoveaError' })
    }
  })

  test('a saved tokenizer loads', async () => {
    writeFileSync(path, JSON.stringify(trained.tokenizer))
    writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(trained.config))
    expect((await loadTokenizer(folder)).encode('the star')).toEqual(tokenizer.encode('the star'))
  })
})
