import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts'
import { saveSafetensors } from '../../src/checkpoints/safetensors.ts'

const parent = mkdtempSync(join(tmpdir(), 'fovea-checkpoint-'))
afterAll(() => rmSync(parent, { recursive: true }))
let folder = ''
let count = 0
beforeEach(() => {
  folder = join(parent, `model-${count++}`)
  mkdirSync(folder)
})

function save(path: string, ...names: string[]): Promise<string> {
  const tensors = names.map(
    (name) => [name, { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) } as const] as const,
  )
  return saveSafetensors(path, new Map(tensors))
}

function writeIndex(weightMap: unknown): void {
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: weightMap }))
}

async function refusal(): Promise<string> {
  const error = await openCheckpoint(folder).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input', code: 'checkpoint_invalid' })
  return error.message
}

describe('good folders', () => {
  test('a single file', async () => {
    await save(join(folder, 'model.safetensors'), 'w')
    const checkpoint = await openCheckpoint(folder)
    expect(checkpoint.tensors.get('w')).toMatchObject({ dtype: 'U8', file: join(folder, 'model.safetensors') })
    expect(await checkpoint.read('w')).toEqual(Uint8Array.of(1, 2, 3))
    await expect(checkpoint.read('v')).rejects.toMatchObject({ code: 'tensor_missing' })
  })

  test('shards', async () => {
    await save(join(folder, '1.safetensors'), 'a')
    await save(join(folder, '2.safetensors'), 'b', 'c')
    writeIndex({ a: '1.safetensors', b: '2.safetensors', c: '2.safetensors' })
    expect(new Set((await openCheckpoint(folder)).tensors.keys())).toEqual(new Set(['a', 'b', 'c']))
  })

  test('a snapshot of the hub cache, whose files link to blobs', async () => {
    const snapshot = join(folder, 'snapshots', 'abc')
    mkdirSync(snapshot, { recursive: true })
    mkdirSync(join(folder, 'blobs'))
    await save(join(folder, 'blobs', '123'), 'w')
    symlinkSync('../../blobs/123', join(snapshot, 'model.safetensors'))
    expect((await openCheckpoint(snapshot)).tensors.has('w')).toBe(true)
  })
})

describe('bad folders', () => {
  test('all faults are listed at once', async () => {
    await save(join(folder, '1.safetensors'), 'a', 'twice')
    await save(join(folder, '2.safetensors'), 'b', 'twice', 'extra')
    await save(join(folder, '4.safetensors'), 'd')
    truncateSync(join(folder, '4.safetensors'), 40)
    const files = { a: '1', twice: '1', b: '2', lost: '2', c: '3', d: '4' }
    writeIndex(Object.fromEntries(Object.entries(files).map(([tensor, file]) => [tensor, `${file}.safetensors`])))
    const message = await refusal()
    expect(message).toContain('3.safetensors is missing')
    expect(message).toContain('4.safetensors: its header claims')
    expect(message).toContain('2.safetensors lacks tensor "lost"')
    expect(message).toContain('tensor "twice" is in both 1.safetensors and 2.safetensors')
    expect(message).toContain('tensor "extra" of 2.safetensors is not in the index')
  })

  test.each([
    '../other.safetensors',
    '/etc/passwd',
    'C:\\x.safetensors',
    '\\\\host\\x.safetensors',
    'a\0.safetensors',
    `${'x'.repeat(400)}.safetensors`,
    'config.json',
    '..',
    '',
  ])('weight_map entry %j is refused by name', async (entry) => {
    await save(join(parent, 'other.safetensors'), 'w')
    writeIndex({ w: entry })
    expect(await refusal()).toContain(`${JSON.stringify(entry.slice(0, 100))} is not the name of a .safetensors file`)
  })

  test('a shard that links out of the folder is refused', async () => {
    await save(join(parent, 'secret'), 'w')
    symlinkSync(join(parent, 'secret'), join(folder, 'model.safetensors'))
    expect(await refusal()).toContain('links to a file outside the folder')
  })

  test.each([
    ['not json', 'not valid JSON'],
    ['{"weight_map":{}}', 'weight_map must map'],
    ['{"weight_map":{"a":1}}', 'weight_map must map'],
    ['{"weight_map":{"a":"x","a":"y"}}', 'comes twice'],
    ['[]', 'weight_map must map'],
  ])('index %s', async (content, message) => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), content)
    expect(await refusal()).toContain(message)
  })

  test('pickle weights are refused with what to do', async () => {
    writeFileSync(join(folder, 'pytorch_model.bin'), 'x')
    const expected = { code: 'checkpoint_pickle', message: expect.stringContaining('convert to safetensors') }
    await expect(openCheckpoint(folder)).rejects.toMatchObject(expected)
  })

  test('no weights, no folder, a file instead of a folder', async () => {
    await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint_missing' })
    await expect(openCheckpoint(join(folder, 'none'))).rejects.toMatchObject({ code: 'file_missing' })
    writeFileSync(join(folder, 'file'), '')
    await expect(openCheckpoint(join(folder, 'file'))).rejects.toMatchObject({ code: 'checkpoint_not_folder' })
  })
})
