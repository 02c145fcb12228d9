import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadChatTemplate } from '../../src/text/load-chat-template.ts'
import { cpuTime } from '../cpu-time.ts'

const doubled = (pair: string, use: string) =>
  `{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = ${pair} %}{% endfor %}{{ ${use} }}`

/** What takes long in a single step of the interpreter, or before it begins. */
const ENDLESS: readonly (readonly [name: string, source: string])[] = [
  ['lists in lists, shown', doubled('[n.x, n.x]', 'n.x')],
  ['lists in lists, as JSON', doubled('[n.x, n.x]', 'n.x | tojson')],
  ['lists in lists, joined', doubled('[n.x, n.x]', "n.x | join(',')")],
  ['lists in lists, compared', doubled('[n.x, n.x]', 'n.x == n.x')],
  ['dicts in dicts, shown', doubled("{'a': n.x, 'b': n.x}", 'n.x')],
  ['dicts in dicts, as JSON', doubled("{'a': n.x, 'b': n.x}", 'n.x | tojson(indent=4)')],
  ['lists in dicts in lists', doubled("[{'a': [n.x, n.x]}]", 'n.x | string')],
  ['a text replaced by itself', doubled("n.x | replace('a', 'aaaaaaaa')", 'n.x')],
  ['a text joined to itself', doubled("[n.x, n.x] | join('')", 'n.x')],
  ['190 kB of spaces', ' '.repeat(190_000)],
  ['190 kB of line starts', '\n \t'.repeat(63_000)],
  ['190 kB of spaces in a tag', `{% ${' '.repeat(190_000)}`],
  ['190 kB of opened tags', '{%-'.repeat(63_000)],
  ['190 kB of closed tags', '-%}\n'.repeat(47_000)],
  ['190 kB of parentheses', `{{ ${'('.repeat(95_000)}1${')'.repeat(95_000)} }}`],
  ['190 kB of additions', `{{ 1${' + 1'.repeat(47_000)} }}`],
  ['190 kB of filters', `{{ 'a'${' | trim'.repeat(27_000)} }}`],
  ['a macro that calls itself', '{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}'],
  ['a power', '{{ 9 ** 9 ** 9 ** 9 }}'],
  ['a text times a number', "{{ 'a' * 999999999 }}"],
]

const MOST = 2500
const MOST_MEMORY = 700 * 2 ** 20

async function attempt(source: string): Promise<{ text?: string; error?: Error; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-template-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'chat_template.jinja')
  writeFileSync(path, source)
  try {
    const template = await loadChatTemplate(folder)
    return { text: template.render([{ role: 'user', content: 'hi' }]), path }
  } catch (error) {
    return { error: error as Error, path }
  }
}

test.each(ENDLESS)('%s: a short text or a refusal, and soon', async (_, source) => {
  let found: Awaited<ReturnType<typeof attempt>> | undefined
  const memory = process.memoryUsage.rss()
  const time = await cpuTime(async () => {
    found = await attempt(source)
  })
  const { text, error, path } = found!
  expect([time < MOST, process.memoryUsage.rss() - memory < MOST_MEMORY]).toEqual([true, true])
  if (!error) return expect(text!.length).toBeLessThanOrEqual(4_000_000)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input', code: 'template_error' })
  expect(error.message).toMatch(/^[^\n]{1,500}$/)
  expect(error.message.startsWith(`${path}: the chat template `)).toBe(true)
})

test.each([
  ["a\n{{ 'a' | frobnicate }}", 'Unknown StringValue filter: frobnicate, line 2'],
  ['{{ frobnicate() }}', 'Cannot call something that is not a function'],
  ['\n\n{{ 1 is frobnicate }}', 'Unknown test: frobnicate, line 3'],
  ['{{ 1 }', 'Expected closing expression token'],
  ['{% frobnicate %}', 'Unknown statement type: frobnicate, line 1'],
  ["{{ raise_exception('no pictures\nhere') }}", 'refuses the messages: no pictures here'],
])('%j is refused with the reason', async (source, reason) => {
  const { error, path } = await attempt(source)
  expect(error).toMatchObject({ name: 'FoveaError', code: 'template_error' })
  expect(error!.message).toContain(reason)
  expect(error!.message).toContain(path)
})
