import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import { cpuTime } from '../cpu-time.ts'
import type { Json } from './hostile-folder.ts'
import { REFUSED_TOKENIZERS, SLOW_TOKENIZERS } from './hostile-tokenizers.ts'

/** A harmless one: letters, and one merge. */
const harmless = (): Json => {
  const tokens = ['<unk>', '<s>', ...'abcdefghijklmnopqrstuvwxyz0123456789 ', 'he']
  return {
    added_tokens: [{ id: 1, content: '<s>', special: true }],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [['h', 'e']],
    },
  }
}

function folderOf(change: (json: Json) => void, config: Json = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-tokenizer-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const json = harmless()
  change(json)
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json))
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  return folder
}

/** Milliseconds of computing; the limit of a short text is 1,000. */
const MOST = 6000
const MOST_MEMORY = 300 * 2 ** 20

async function refusalOf(attempt: () => unknown): Promise<Error & { code: string }> {
  const memory = process.memoryUsage.rss()
  let error: unknown
  const time = await cpuTime(async () => {
    try {
      await attempt()
    } catch (reason) {
      error = reason
    }
  })
  expect(time).toBeLessThan(MOST)
  expect(process.memoryUsage.rss() - memory).toBeLessThan(MOST_MEMORY)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input' })
  expect((error as Error).message).not.toMatch(/\n|node_modules|\bat \w+ \(/)
  expect((error as Error).message.length).toBeLessThan(500)
  return error as Error & { code: string }
}

test('the harmless one reads', async () => {
  expect((await loadTokenizer(folderOf(() => {}))).encode('hehe')).toEqual([39, 39])
})

test.each(REFUSED_TOKENIZERS)('$name', async ({ message, change }) => {
  const folder = folderOf(change)
  const error = await refusalOf(() => loadTokenizer(folder))
  expect(error.code).toBe('tokenizer_invalid')
  expect(error.message).toContain(`${join(folder, 'tokenizer.json')}: `)
  expect(error.message).toContain(message)
})

test.each([
  ['additional_special_tokens', 5, 'additional_special_tokens: it must be a list, found 5'],
  ['additional_special_tokens', [5], 'additional_special_tokens[0]: it must be a text, found 5'],
  ['eos_token', 5, 'eos_token: it must be a text, found 5'],
  ['image_token', 'a'.repeat(1e4), 'image_token: a special token of 10000 letters; the limit is 1000'],
])('tokenizer_config.json: %s', async (field, value, message) => {
  const folder = folderOf(() => {}, { [field]: value })
  const error = await refusalOf(() => loadTokenizer(folder))
  expect(error.message).toBe(`${join(folder, 'tokenizer_config.json')}: ${message}`)
})

test.each(SLOW_TOKENIZERS)('%s is stopped', async (_, stage, text) => {
  const folder = folderOf((json) => void (json.pre_tokenizer = stage))
  const tokenizer = await loadTokenizer(folder)
  const error = await refusalOf(() => tokenizer.encode(text))
  expect(error.code).toBe('tokenizer_slow')
  expect(error.message).toContain(`${join(folder, 'tokenizer.json')}: cutting this text into tokens`)
})

test.each([
  ['normalizer', { type: 'Replace', pattern: { Regex: '(a|a)+\\d' }, content: '' }],
  ['decoder', { type: 'Replace', pattern: { Regex: '(a|a)+\\d' }, content: '' }],
])('an ambiguous choice in the %s is stopped', async (stage, value) => {
  const folder = folderOf((json) => {
    json[stage] = value
    json.model.vocab['a'.repeat(60)] = 50
  })
  const tokenizer = await loadTokenizer(folder)
  const error = await refusalOf(() => tokenizer.decode([50]) && tokenizer.encode('a'.repeat(60)))
  expect(error.code).toBe('tokenizer_slow')
})

test('what replaces a match is taken as it is written', async () => {
  const folder = folderOf((json) => {
    json.normalizer = { type: 'Replace', pattern: { String: 'b' }, content: '$`$`' }
    json.model.vocab.$ = 60
    json.model.vocab['`'] = 61
  })
  expect((await loadTokenizer(folder)).encode('ab')).toEqual([2, 60, 61, 60, 61])
})

test.each([
  ['Unigram', { type: 'Unigram', unk_id: 0, vocab: Array.from({ length: 256 }, (_, at) => ['a'.repeat(at + 1), -at]) }],
  ['WordPiece', { type: 'WordPiece', unk_token: 'a', max_input_chars_per_word: 1000, vocab: { a: 0, b: 1 } }],
  ['BPE', undefined],
])('a megabyte of one letter for %s', async (_, model) => {
  const folder = folderOf((json) => void (json.model = model ?? json.model))
  const tokenizer = await loadTokenizer(folder)
  let error: unknown
  const attempt = () => {
    try {
      tokenizer.encode('a'.repeat(1e6))
    } catch (reason) {
      error = reason
    }
  }
  expect(await cpuTime(attempt)).toBeLessThan(12_000)
  if (error) expect(error).toMatchObject({ name: 'FoveaError', kind: 'input' })
})

test('a special token of a thousand letters is a token, and text that spells it is not', async () => {
  const content = `<${'x'.repeat(998)}>`
  const folder = folderOf((json) => {
    json.added_tokens.push({ id: 70, content, special: true })
    json.model.vocab['<'] = 71
    json.model.vocab['>'] = 72
  })
  const tokenizer = await loadTokenizer(folder)
  const { protect } = tokenizer
  expect(tokenizer.encode(`a${content}`, { special: true })).toEqual([2, 70])
  expect(tokenizer.encode(protect(`a${content}`), { special: true })).not.toContain(70)
  expect(tokenizer.encode(`${protect(content.slice(0, 500))}${content.slice(500)}`, { special: true })).not.toContain(
    70,
  )
})
