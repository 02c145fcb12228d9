/** The vocabulary of a tokenizer.json as llama.cpp wants it, so that both engines read a prompt as the same tokens. */
import { readFile } from 'node:fs/promises'
import type { Entry } from './file.ts'

interface TokenizerJson {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (string | string[])[] }
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[]
}

const [NORMAL, CONTROL, UNUSED] = [1, 3, 5]
/** llama.cpp writes an empty line before the last picture and looks for one token that says so. */
const EMPTY_LINE = 'ĊĊ'

/** Entries of a byte-level BPE of `count` tokens; ids that the tokenizer leaves free stand for nothing. */
export async function vocabularyEntries(tokenizer: string, count: number): Promise<Entry[]> {
  const { model, added_tokens }: TokenizerJson = JSON.parse(await readFile(tokenizer, 'utf8'))
  const tokens = Array.from({ length: count }, (_, id) => `<unused_${id}>`)
  const kinds = new Array<number>(count).fill(UNUSED)
  const put = (id: number, text: string, kind: number) => {
    tokens[id] = text
    kinds[id] = kind
  }
  for (const [text, id] of Object.entries(model.vocab)) put(id, text, NORMAL)
  for (const { id, content } of added_tokens) put(id, content, CONTROL)
  if (!tokens.includes(EMPTY_LINE)) put(count - 1, EMPTY_LINE, NORMAL)
  const merges = model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' ')))
  return [
    ['tokenizer.ggml.model', 'text', 'gpt2'],
    ['tokenizer.ggml.pre', 'text', 'gpt-2'],
    ['tokenizer.ggml.tokens', 'text', tokens],
    ['tokenizer.ggml.token_type', 'i32', kinds],
    ['tokenizer.ggml.merges', 'text', merges],
    ['tokenizer.ggml.bos_token_id', 'u32', 1],
    ['tokenizer.ggml.eos_token_id', 'u32', 1],
    ['tokenizer.ggml.add_bos_token', 'bool', false],
  ]
}
