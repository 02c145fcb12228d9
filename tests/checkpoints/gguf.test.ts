import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type Entry, header } from '../../bench/peers/gguf/file.ts'
import type { TensorInfo } from '../../bench/peers/gguf/tensor-info.ts'
import { f32ToBf16, f32ToF16 } from '../../src/checkpoints/dtypes.ts'
import { openGguf } from '../../src/checkpoints/gguf.ts'
import { parseGgufHeader } from '../../src/checkpoints/gguf-header.ts'
import { ggufValues } from '../../src/checkpoints/gguf-types.ts'
import { FoveaError } from '../../src/errors.ts'

/** Made by tests/fixtures/make_gguf_blocks.py. */
const BLOCKS: Record<string, { bytes: string; values: string }> = JSON.parse(
  readFileSync(new URL('../fixtures/gguf-blocks.json', import.meta.url), 'utf8'),
)

const folder = mkdtempSync(join(tmpdir(), 'fovea-gguf-'))
afterAll(() => rmSync(folder, { recursive: true }))

const entries: Entry[] = [
  ['general.architecture', 'text', 'llama'],
  ['llama.block_count', 'u32', 2],
  ['tokenizer.ggml.tokens', 'text', ['a', 'Ġb', '日']],
  ['tokenizer.ggml.scores', 'f32', [0, -1.5]],
  ['tokenizer.ggml.token_type', 'i32', [1, -3]],
  ['tokenizer.ggml.add_bos_token', 'bool', true],
]
const tensors: TensorInfo[] = [
  { name: 'norm.weight', shape: [3], type: 'F32' },
  { name: 'up.weight', shape: [32, 2], type: 'Q8_0' },
]
/** 1, 2, 3 and padding; then two blocks with scales 0.5 and 2. */
const scale = (value: number) => f32ToF16(Float32Array.of(value))
const block = (value: number, q: (i: number) => number) =>
  Buffer.concat([Buffer.from(scale(value).buffer), Buffer.from(Array.from({ length: 32 }, (_, i) => q(i) & 255))])
const data = Buffer.concat([
  Buffer.from(Float32Array.of(1, 2, 3).buffer),
  Buffer.alloc(20),
  block(0.5, (i) => i - 16),
  block(2, (i) => -i),
])

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const failure = async (bytes: Uint8Array): Promise<FoveaError> => {
  const error = await openGguf(written('bad.gguf', bytes)).catch((cause) => cause)
  expect(error).toBeInstanceOf(FoveaError)
  return error
}

describe('a GGUF file', () => {
  test('is metadata, shapes outermost first, and values', async () => {
    const file = await openGguf(written('a.gguf', Buffer.concat([header(entries, tensors), data])))
    expect(Object.fromEntries(file.metadata)).toEqual(Object.fromEntries(entries.map(([key, , value]) => [key, value])))
    expect([...file.tensors].map(([name, { form, shape }]) => [name, form, shape])).toEqual([
      ['norm.weight', 'F32', [3]],
      ['up.weight', 'Q8_0', [2, 32]],
    ])
    expect([...(await file.read('norm.weight'))]).toEqual([1, 2, 3])
    const up = await file.read('up.weight')
    expect([up[0], up[31], up[32], up[33], up[63]]).toEqual([-8, 7.5, 0, -2, -62])
    await expect(file.read('down')).rejects.toMatchObject({ code: 'tensor_missing' })
  })

  test('with a head longer than the first read is read on', async () => {
    const words = Array.from({ length: 200_000 }, (_, id) => `token ${id}`)
    const long = header([['tokenizer.ggml.tokens', 'text', words]], [])
    expect(long.length).toBeGreaterThan(2 ** 20)
    const { metadata } = await openGguf(written('long.gguf', long))
    expect(metadata.get('tokenizer.ggml.tokens')).toEqual(words)
  })

  test('of other content, cut off, or with tables that do not fit is refused in one line', async () => {
    const whole = Buffer.concat([header(entries, tensors), data])
    expect((await failure(Buffer.from('{"a": 1}'))).message).toMatch(
      /not a GGUF file \(it starts with the bytes 7b226122\)/,
    )
    expect((await failure(Buffer.from('version https://git-lfs.github.com'))).message).toMatch(/Git LFS pointer/)
    expect((await failure(whole.subarray(0, 100))).message).toMatch(/it is truncated: its head goes on behind its end/)
    expect((await failure(whole.subarray(0, -8))).message).toMatch(/"up\.weight" \(bytes .*\) lies outside the file/)
    expect((await failure(header([entries[0], entries[0]], []))).message).toMatch(
      /the key "general\.architecture" comes twice/,
    )
    const twice = header([], [tensors[0], tensors[0]])
    expect((await failure(twice)).message).toMatch(/the tensor "norm\.weight" comes twice/)
    const versioned = Buffer.from(whole)
    versioned.writeUInt32LE(1, 4)
    expect((await failure(versioned)).message).toMatch(/GGUF of version 1; 2 and 3 are read/)
    const counted = Buffer.from(whole)
    counted.writeBigUInt64LE(2n ** 60n, 16)
    expect((await failure(counted)).message).toMatch(/truncated/)
  })

  test('never ends in another error, whatever bytes are changed', () => {
    const whole = Buffer.concat([header(entries, tensors), data])
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of changes) bytes[at] = value
        try {
          parseGgufHeader(bytes, bytes.length)
        } catch (error) {
          if (!(error instanceof FoveaError)) throw error
          expect(error.message).not.toMatch(/\n/)
        }
      }),
      { numRuns: 2000, seed: 7 },
    )
  })
})

describe('the forms of tensors', () => {
  const numbers = Float32Array.of(0, 1, -2.5, 1024)
  test('F16 and BF16 are as wide as they are', () => {
    expect([...ggufValues('F16', new Uint8Array(f32ToF16(numbers).buffer), 4)]).toEqual([...numbers])
    expect([...ggufValues('BF16', new Uint8Array(f32ToBf16(numbers).buffer), 4)]).toEqual([...numbers])
  })

  test('Q4_0 holds the first 16 values in the lower halves of its bytes, from -8 to 7', () => {
    const nibbles = Buffer.from(Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4)))
    const values = ggufValues('Q4_0', Buffer.concat([Buffer.from(scale(0.25).buffer), nibbles]), 32)
    expect([...values.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, (_, i) => (i - 8) / 4))
    expect([...values.subarray(16)]).toEqual(Array.from({ length: 16 }, (_, i) => (7 - i) / 4))
  })

  test.each(Object.keys(BLOCKS))('%s gives the values of the gguf package', (name) => {
    const [bytes, expected] = [BLOCKS[name].bytes, BLOCKS[name].values].map((text) => Buffer.from(text, 'base64'))
    const wanted = new Float32Array(new Uint8Array(expected).buffer)
    const values = ggufValues(name, bytes, wanted.length)
    expect(values).toHaveLength(wanted.length)
    // The reference rounds the product of two scales to single precision on its way.
    const largest = wanted.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
    expect(Math.max(...values.map((value, i) => Math.abs(value - wanted[i])))).toBeLessThan(1e-6 * largest)
  })

  test('parts of a tensor are read in whole blocks', async () => {
    const file = await openGguf(written('part.gguf', Buffer.concat([header(entries, tensors), data])))
    expect([...(await file.read('up.weight', 32, 32))]).toEqual([...(await file.read('up.weight')).subarray(32)])
  })

  test('others are refused by name', () => {
    expect(() => ggufValues('IQ2_XXS', new Uint8Array(66), 256)).toThrow(
      'GGUF tensors of form IQ2_XXS are not read; F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16 are',
    )
  })
})
