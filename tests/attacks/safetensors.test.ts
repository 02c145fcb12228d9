import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSafetensors } from '../../src/checkpoints/safetensors.ts'
import { cpuTime } from '../cpu-time.ts'
import { assemble, HOSTILE_SAFETENSORS } from './hostile-safetensors.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'model.safetensors')

test.each(HOSTILE_SAFETENSORS)('$name is refused', async ({ message, write }) => {
  writeFileSync(path, write())
  const error = await openSafetensors(path).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'FoveaError', kind: 'input', code: 'checkpoint_invalid' })
  if (message instanceof RegExp) expect(error.message).toMatch(message)
  else expect(error.message).toContain(message)
  expect(error.message).toContain(path)
  expect(error.message).not.toContain('\n')
  expect(error.message.length).toBeLessThan(500)
})

test('a header above the cap is refused without reading it', async () => {
  writeFileSync(path, assemble('{}', 0, 4_000_000_000n))
  truncateSync(path, 4_000_001_000) // a sparse file: the length is true, the bytes take no disk
  const before = process.memoryUsage.rss()
  await expect(openSafetensors(path)).rejects.toThrow('the limit is 100000000')
  expect(process.memoryUsage.rss() - before).toBeLessThan(20 * 2 ** 20)
})

test('a name of the object prototype is a tensor like any other', async () => {
  writeFileSync(path, assemble('{"__proto__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4))
  expect([...(await openSafetensors(path)).tensors.keys()]).toEqual(['__proto__'])
})

test('100 000 tensors open in under 2 s', async () => {
  const entries = Array.from(
    { length: 1e5 },
    (_, i) => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
  )
  writeFileSync(path, assemble(`{${entries.join(',')}}`, 1e5))
  const open = async () => expect((await openSafetensors(path)).tensors.size).toBe(1e5)
  expect(await cpuTime(open)).toBeLessThan(2000)
})

test('a 30 MB string in the header is parsed or refused, not a crash', async () => {
  writeFileSync(path, assemble(`{"__metadata__":{"note":"${'x'.repeat(3e7)}"}}`, 0))
  expect((await openSafetensors(path)).metadata.get('note')).toHaveLength(3e7)
})
