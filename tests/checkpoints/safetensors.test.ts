import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../../src/checkpoints/atomic.ts'
import { type CheckpointDtype, DTYPE_BYTES, f16ToF32 } from '../../src/checkpoints/dtypes.ts'
import { openSafetensors, saveSafetensors, type TensorData } from '../../src/checkpoints/safetensors.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-safetensors-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'a.safetensors')

const tensor = fc
  .tuple(
    fc.constantFrom(...(Object.keys(DTYPE_BYTES) as CheckpointDtype[])),
    fc.array(fc.nat(4), { maxLength: 3 }),
    fc.nat(255),
  )
  .map(([dtype, shape, fill]): TensorData => {
    const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])
    return { dtype, shape, data: new Uint8Array(bytes).fill(fill) }
  })
const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__')

describe('round trip', () => {
  test('any set of tensors comes back, aligned to its element size', async () => {
    const tensors = fc.array(fc.tuple(name, tensor), { maxLength: 6 }).map((entries) => new Map(entries))
    await fc.assert(
      fc.asyncProperty(tensors, fc.dictionary(name, fc.string()), async (saved, metadata) => {
        await saveSafetensors(path, saved, metadata)
        const file = await openSafetensors(path)
        expect(new Set(file.tensors.keys())).toEqual(new Set(saved.keys()))
        expect(file.metadata).toEqual(new Map(Object.entries(metadata)))
        for (const [key, { dtype, shape, data }] of saved) {
          expect(file.tensors.get(key)).toMatchObject({ dtype, shape: [...shape], byteLength: data.byteLength })
          expect(file.tensors.get(key)!.offset % DTYPE_BYTES[dtype]).toBe(0)
          expect(await file.read(key)).toEqual(data)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('equal content gives equal bytes, in any order', async () => {
    const a: [string, TensorData] = ['a', { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) }]
    const b: [string, TensorData] = ['b', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }]
    await saveSafetensors(path, new Map([b, a]), { x: '1', y: '2' })
    const first = readFileSync(path)
    await saveSafetensors(path, new Map([a, b]), { y: '2', x: '1' })
    expect(readFileSync(path)).toEqual(first)
  })

  test('the offset is absolute in the file', async () => {
    await saveSafetensors(path, new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(42) }]]))
    const { offset } = (await openSafetensors(path)).tensors.get('w')!
    expect(readFileSync(path).readFloatLE(offset)).toBe(42)
  })
})

test('a file of the reference library is read as it was written', async () => {
  const file = await openSafetensors(
    fileURLToPath(new URL('../fixtures/safetensors/reference.safetensors', import.meta.url)),
  )
  const bytes = async (key: string) => (await file.read(key)).buffer as ArrayBuffer
  expect(file.metadata.get('format')).toBe('pt')
  expect(f16ToF32(new Uint16Array(await bytes('half')))).toEqual(Float32Array.of(1, -2.5, 65504, 2 ** -24))
  expect(new Float32Array(await bytes('single'))).toEqual(Float32Array.from([0, 1, 2, 3, 4, 5], (value) => value / 7))
  expect(new BigInt64Array(await bytes('integers'))).toEqual(BigInt64Array.of(-1n, 2n ** 40n))
  expect([file.tensors.get('bytes')!.shape, file.tensors.get('empty')!.shape]).toEqual([
    [2, 1],
    [0, 3],
  ])
  expect([file.tensors.get('scalar')!.shape, new Float64Array(await bytes('scalar'))]).toEqual([
    [],
    Float64Array.of(3.5),
  ])
})

describe('faults', () => {
  test('a tensor that is not there, and a file that shrank meanwhile', async () => {
    await saveSafetensors(path, new Map([['w', { dtype: 'U8', shape: [9], data: new Uint8Array(9) }]]))
    const file = await openSafetensors(path)
    await expect(file.read('v')).rejects.toMatchObject({ code: 'tensor_missing' })
    truncateSync(path, file.tensors.get('w')!.offset + 5)
    await expect(file.read('w')).rejects.toThrow('has 5 of its 9 bytes')
  })

  test('data of the wrong size is not written', async () => {
    const target = join(folder, 'wrong.safetensors')
    const wrong = new Map([['w', { dtype: 'F32', shape: [2], data: Float32Array.of(1) } as const]])
    await expect(saveSafetensors(target, wrong)).rejects.toMatchObject({ code: 'tensor_size_mismatch' })
    expect(existsSync(target)).toBe(false)
  })

  test.each([
    ['missing.safetensors', 'file_missing'],
    ['.', 'file_is_directory'],
  ])('opening %s gives %s', async (file, code) => {
    await expect(openSafetensors(join(folder, file))).rejects.toMatchObject({ code, kind: 'input' })
  })
})

describe('writeFileAtomic', () => {
  test('a write that fails in the middle leaves the old file and no temporary one', async () => {
    const target = join(folder, 'state.json')
    writeFileSync(target, 'old')
    function* parts() {
      yield Buffer.from('new')
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    await expect(writeFileAtomic(target, parts())).rejects.toMatchObject({ code: 'disk_full', kind: 'resource' })
    expect(readFileSync(target, 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([])
  })

  test('a missing folder is named', async () => {
    writeFileSync(join(folder, 'file'), '')
    for (const target of [join(folder, 'none', 'x'), join(folder, 'file', 'x')]) {
      await expect(writeFileAtomic(target, Buffer.from('x'))).rejects.toThrow(`${target}: its folder does not exist`)
    }
  })
})
