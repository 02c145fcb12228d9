/** GGUF files that are torn, contradict themselves, or hold what is not read: one line that names file and key. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Entry } from '../../bench/peers/gguf/file.ts'
import { openGguf } from '../../src/checkpoints/gguf.ts'
import { ggufTokenizer } from '../../src/checkpoints/gguf-tokenizer.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { FAMILIES, type GgufFamily, type Written, writeGgufPair } from '../loading/gguf/families.ts'
import { writeGgufFile } from '../loading/gguf/write-gguf.ts'
import { ownCache } from '../quantization/cache-folder.ts'

ownCache()
const root = mkdtempSync(join(tmpdir(), 'fovea-gguf-'))
afterAll(() => rmSync(root, { recursive: true }))

const [llava] = FAMILIES

async function pair(family: GgufFamily): Promise<Written & { readonly to: string }> {
  const parent = mkdtempSync(join(root, 'model-'))
  const to = join(parent, 'gguf')
  mkdirSync(to)
  return { to, ...(await writeGgufPair(family, join(parent, 'folder'), to)) }
}

async function refusal(name: string, options = {}): Promise<{ code: string; message: string }> {
  const found = await loadModel(name, options).then(
    (model) => model.dispose(),
    (error) => error,
  )
  expect(found).toMatchObject({ name: 'FoveaError' })
  expect(found.message).not.toMatch(/\n/)
  return found
}

/** Other values for some keys of the language model or of the vision side; undefined takes a key away. */
const changed = (
  side: 'text' | 'vision',
  keys: Record<string, Entry[1] extends infer T ? [T, unknown] | null : never>,
) => {
  const family: GgufFamily = {
    ...llava,
    [side]: (...args: [never, never]) => [
      ...(llava[side]?.(...args) ?? []),
      ...Object.entries(keys).flatMap(([key, value]) => (value ? [[key, ...value] as unknown as Entry] : [])),
    ],
  }
  return family
}

test.each([
  ['experts', changed('text', { 'llama.expert_count': ['u32', 8] }), /model\.gguf: a mixture of experts/],
  ['parts', changed('text', { 'split.count': ['u32', 3] }), /one of 3 parts; join them with llama-gguf-split --merge/],
  [
    'a scaling that is not read',
    changed('text', { 'llama.rope.scaling.type': ['text', 'su'] }),
    /rotary positions scaled by "su" are not read; linear and yarn are/,
  ],
  [
    'sizes per layer',
    changed('text', { 'llama.expert_count': ['u32', [1, 2]] }),
    /llama\.expert_count must be one number, it is a list/,
  ],
] as const)('%s', async (_, family, message) => {
  const { language } = await pair(family as GgufFamily)
  expect((await refusal(language)).message).toMatch(message)
})

test('an architecture without a mapping is refused by name', async () => {
  const { language, vision } = await pair(llava)
  const only = (architecture: string): Entry[] => [['general.architecture', 'text', architecture]]
  writeGgufFile(language, only('mamba'), new Map())
  expect(await refusal(language)).toMatchObject({
    code: 'checkpoint_format',
    message: `${language}: a language model of the architecture "mamba" is not read from GGUF; read are llama, qwen2, qwen3, qwen2vl, qwen3vl, gemma2, gemma3, phi3`,
  })
  writeGgufFile(language, only('qwen3moe'), new Map())
  expect((await refusal(language)).message).toMatch(/"qwen3moe" is not read from GGUF; read are/)
  writeGgufFile(language, [], new Map())
  expect((await refusal(language)).message).toMatch(/the architecture "" is not read from GGUF/)
  expect((await refusal(vision)).message).toMatch(/mmproj-model\.gguf: this is a vision side alone; name the file/)
})

test('a projector without a mapping, or of another language model, is refused by name', async () => {
  expect((await refusal((await pair({ ...llava, projector: 'pixtral' })).language)).message).toMatch(
    /mmproj-model\.gguf: a vision side with the projector "pixtral" is not read from GGUF; read are mlp, idefics3, gemma3/,
  )
  expect((await refusal((await pair({ ...llava, projector: 'gemma3' })).language)).message).toMatch(
    /its projector "gemma3" goes with gemma3, and the language model is a llama/,
  )
})

test('heads that contradict their tensors are refused before any weight is read', async () => {
  const wide = { ...llava, text: () => [['llama.rope.scaling.type', 'text', 'none'] as Entry] }
  const { language } = await pair(wide)
  const bytes = readFileSync(language)
  const key = bytes.indexOf('llama.embedding_length') + 'llama.embedding_length'.length
  bytes.writeUInt32LE(64, key + 4)
  writeFileSync(language, bytes)
  expect((await refusal(language)).message).toMatch(/model\.gguf: .*embed_tokens\.weight.*\[640, ?32\]/)
  bytes.writeUInt32LE(0, key + 4)
  writeFileSync(language, bytes)
  expect((await refusal(language)).message).toMatch(/hidden_size/)
})

test('torn files, folders with several, and options that go with nothing', async () => {
  const { to, language, vision } = await pair(llava)
  writeFileSync(join(to, 'mmproj-other.gguf'), readFileSync(vision))
  expect(await refusal(to)).toMatchObject({
    code: 'checkpoint_ambiguous',
    message: `${to}: it holds 2 vision sides (mmproj-model.gguf, mmproj-other.gguf); name one with --mmproj (library: mmproj)`,
  })
  rmSync(join(to, 'mmproj-other.gguf'))
  writeFileSync(join(to, 'second.gguf'), '')
  expect((await refusal(to)).message).toMatch(
    /it holds 2 language models in GGUF \(model\.gguf, second\.gguf\); name one/,
  )
  truncateSync(vision, 5000)
  expect((await refusal(language)).message).toMatch(/mmproj-model\.gguf: (it is truncated|the tensor .* lies outside)/)
  expect(await refusal(language, { mmproj: join(to, 'none.gguf') })).toMatchObject({ code: 'file_missing' })
  expect(await refusal(language, { mmproj: language })).toMatchObject({
    message: expect.stringMatching(/no vision side/),
  })
  expect(await refusal('mini', { mmproj: vision })).toMatchObject({ code: 'options_conflict' })
  expect(await refusal(language, { revision: 'main' })).toMatchObject({ code: 'options_conflict' })
})

test('weights that are no numbers are refused by name', async () => {
  const { language } = await pair(llava)
  const bytes = readFileSync(language)
  bytes.writeFloatLE(Number.NaN, bytes.length - 64)
  writeFileSync(language, bytes)
  expect(await refusal(language)).toMatchObject({
    code: 'weights_invalid',
    message: expect.stringMatching(/model\.gguf: the tensor ".*" holds NaN; the file is damaged, fetch it again/),
  })
})

test('vocabularies and lists that would take for ever are counted first', async () => {
  const { language } = await pair(llava)
  const list = (key: string, type: 'text' | 'u32', values: readonly (string | number)[]): Entry => [key, type, values]
  const pieces: Entry[] = [
    ['tokenizer.ggml.model', 'text', 'llama'],
    list('tokenizer.ggml.tokens', 'text', ['a', 'b'.repeat(2_000_000)]),
    list('tokenizer.ggml.scores', 'u32', [0, 0]),
  ]
  writeGgufFile(language, pieces, new Map())
  const { metadata } = await openGguf(language)
  expect(() => ggufTokenizer(metadata)).toThrow(/token 1 has 2000000 letters; at most 1000 are read/)
  const bytes = readFileSync(language)
  const long = Buffer.concat([bytes.subarray(0, 24), ggufList('x', 5_000_000)])
  long.writeBigUInt64LE(1n, 16)
  writeFileSync(language, long)
  expect((await refusal(language)).message).toMatch(/the key "x": a list of 5000000 values; at most 4194304 are read/)
})

/** A key whose value is a list of so many bytes. */
function ggufList(key: string, count: number): Buffer {
  const head = Buffer.alloc(8 + key.length + 4 + 4 + 8)
  head.writeBigUInt64LE(BigInt(key.length))
  head.write(key, 8)
  head.writeUInt32LE(9, 8 + key.length)
  head.writeBigUInt64LE(BigInt(count), 16 + key.length)
  return Buffer.concat([head, Buffer.alloc(count)])
}
