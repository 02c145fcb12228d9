/** Tokenizers and templates held to what llama.cpp says of them; skipped where the registry is out of reach. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openGguf } from '../../src/checkpoints/gguf.ts'
import { ggufTokenizer } from '../../src/checkpoints/gguf-tokenizer.ts'
import { type ChatMessage, createChatTemplate } from '../../src/text/chat-template.ts'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import { createTokenizer, type Tokenizer } from '../../src/text/tokenizer.ts'
import { remove } from '../package/tree.ts'
import { type Foreign, fetchForeign, templateCases, vectorsOf } from './foreign.ts'

let found: Foreign | string
const foreign = () => found as Foreign
beforeAll(async () => {
  found = await fetchForeign()
}, 600_000)
beforeEach(({ skip }) => {
  if (typeof found === 'string') skip(found)
})
afterAll(() => (typeof found === 'string' ? undefined : remove(found.folder)))

const vocabulary = (name: string) => join(foreign().llamaCpp, `models/ggml-vocab-${name}.gguf`)

/** Texts that become other tokens, or do not come back as they were. */
async function mistakes(tokenizer: Tokenizer, name: string) {
  const vectors = (await vectorsOf(vocabulary(name)))!
  expect(vectors.length).toBeGreaterThan(40)
  const read = vectors.map(({ text, ids }) => ({ text, ids, found: tokenizer.encode(text) }))
  return read.filter(({ text, ids, found }) => String(found) !== String(ids) || tokenizer.decode(found) !== text)
}

it.each(['llama-spm', 'phi-3', 'gpt-2', 'llama-bpe', 'qwen2', 'starcoder', 'refact'])(
  '%s: all texts become the same tokens',
  async (name) => {
    const { metadata } = await openGguf(vocabulary(name))
    const { json, config } = ggufTokenizer(metadata)
    expect(await mistakes(createTokenizer(json, config), name)).toEqual([])
  },
)

it('a whole tokenizer.json of Qwen3 makes of them what Qwen2 does, whose words it has', async () => {
  expect(await mistakes(await loadTokenizer(foreign().qwen3), 'qwen2')).toEqual([])
})

it('other vocabularies are refused by the name of their kind', async () => {
  const names = (await readdir(join(foreign().llamaCpp, 'models'))).filter((name) => name.endsWith('.gguf'))
  expect(names).toHaveLength(19)
  const refusals = new Map<string, string>()
  for (const name of names) {
    const { metadata } = await openGguf(join(foreign().llamaCpp, 'models', name))
    try {
      ggufTokenizer(metadata)
    } catch (error) {
      refusals.set(name.slice(11, -5), (error as Error).message)
    }
  }
  const read = [
    'aquila',
    'baichuan',
    'gpt-2',
    'gpt-neox',
    'llama-bpe',
    'llama-spm',
    'phi-3',
    'qwen2',
    'refact',
    'starcoder',
  ]
  expect(
    names
      .map((name) => name.slice(11, -5))
      .filter((name) => !refusals.has(name))
      .every((name) => read.includes(name)),
  ).toBe(true)
  expect(refusals.get('bert-bge')).toMatch(/its kind is "bert"; llama and gpt2 are read$/)
  expect(refusals.get('falcon')).toMatch(
    /it cuts words as "falcon" does; gpt-2, smollm, starcoder, refact, llama-bpe, qwen2 are read$/,
  )
})

it('templates give what llama.cpp gives, for those that know no instructions too', async () => {
  const said = ['You are a helpful assistant', 'Hello', 'Hi there', 'Who are you', '   I am an assistant   ']
  const messages = [...said, 'Another question'].map((content, at): ChatMessage => {
    return { role: at === 0 ? 'system' : at % 2 ? 'user' : 'assistant', content }
  })
  const cases = await templateCases(foreign().llamaCpp)
  expect(cases).toHaveLength(32)
  for (const { name, source, expected, bosToken, eosToken } of cases)
    expect(`${name}: ${createChatTemplate(source).render(messages, { bosToken, eosToken })}`).toBe(
      `${name}: ${expected}`,
    )
})

/** Those that want what a conversation does not have, or words of Jinja that the interpreter lacks. */
const NAMED: Readonly<Record<string, string>> = {
  'ByteDance-Seed-OSS': 'a mapping with numbers as keys',
  'CohereForAI-c4ai-command-r-plus-tool_use': 'tools',
  'NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use': 'tools',
  'NousResearch-Hermes-3-Llama-3.1-8B-tool_use': 'tools',
  'fireworks-ai-llama-3-firefunction-v2': 'a date',
  'meetkai-functionary-medium-v3.1': 'tools',
  'tencent-Hy3': 'format() of strings',
}

it('each published template says all that was said, as strings and as parts, or fails in one line', async () => {
  const folder = join(foreign().llamaCpp, 'models/templates')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jinja'))
  expect(files).toHaveLength(68)
  const roles = ['system', 'user', 'assistant', 'user'] as const
  const said = ['BE-BRIEF', 'What is it?', 'A cat.', 'And now?']
  const failed = new Map<string, string>()
  for (const file of files) {
    const render = (contentOf: (text: string) => ChatMessage['content']) =>
      createChatTemplate(source).render(
        said.map((text, at) => ({ role: roles[at], content: contentOf(text) })),
        { bosToken: '<s>', eosToken: '</s>' },
      )
    const source = await readFile(join(folder, file), 'utf8')
    try {
      const [plain, parts] = [render((text) => text), render((text) => [{ type: 'text', text }])]
      expect(
        said.filter((text) => !plain.includes(text)),
        file,
      ).toEqual([])
      expect(parts, file).toBe(plain)
    } catch (error) {
      if ((error as Error).name !== 'FoveaError') throw error
      failed.set(file.slice(0, -6), (error as Error).message)
    }
  }
  expect([...failed.keys()].sort()).toEqual(Object.keys(NAMED).sort())
  for (const message of failed.values()) expect(message).toMatch(/^the chat template failed: .*[^\n]$/)
})
