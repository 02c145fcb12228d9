import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import type { Tokenizer } from '../../src/text/tokenizer.ts'

/** Recorded by tests/fixtures/tokenizer/make_qwen2_files.py from Hugging Face transformers. */
const recorded = JSON.parse(readFileSync(new URL('../fixtures/tokenizer/qwen2-files.json', import.meta.url), 'utf8'))
const root = mkdtempSync(join(tmpdir(), 'fovea-qwen2-'))
afterAll(() => rmSync(root, { recursive: true }))

describe('vocab.json and merges.txt', () => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    for (const [name, text] of Object.entries<string>(recorded.files)) writeFileSync(join(root, name), text)
    tokenizer = await loadTokenizer(root)
  })

  it.each<{ text: string; ids: number[] }>(recorded.cases)(
    'give the ids of transformers for $text',
    ({ text, ids }) => {
      expect(tokenizer.encode(text, { special: true })).toEqual(ids)
      expect(tokenizer.decode(ids)).toBe(text)
    },
  )

  it('hold special tokens that nobody can type', () => {
    const ids = tokenizer.encode('<|im_start|>')
    expect(ids).not.toContain(tokenizer.tokenToId('<|im_start|>'))
    expect(tokenizer.decode(ids)).toBe('<|im_start|>')
  })

  it('are those of Qwen2 alone', async () => {
    writeFileSync(join(root, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'GPT2Tokenizer' }))
    await expect(loadTokenizer(root)).rejects.toMatchObject({ code: 'tokenizer_missing' })
  })
})
